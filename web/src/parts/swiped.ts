/** A finger that is drawn sideways over a page: to the left for what comes after, to the right for what was before. What
 *  moves sideways itself, such as a chart or a wide table, keeps its fingers. */

/** Shorter strokes are none. */
const FAR_PX = 70;
/** A stroke goes at least so many times as far sideways as up or down. */
const SIDEWAYS = 2;
const OWN = ".plot, .scroll, input, select, dialog, [role=slider]";

export function swiped(turn: (step: -1 | 1) => void): (element: HTMLElement) => () => void {
  return (element) => {
    let from: { x: number; y: number } | undefined;
    const begin = (event: TouchEvent): void => {
      const [one, other] = [event.touches[0], event.touches[1]];
      const isOwn = (event.target as Element).closest(OWN) !== null;
      from = one && !other && !isOwn ? { x: one.clientX, y: one.clientY } : undefined;
    };
    const end = (event: TouchEvent): void => {
      const one = event.changedTouches[0];
      if (!from || !one) return;
      const [x, y] = [one.clientX - from.x, one.clientY - from.y];
      from = undefined;
      if (Math.abs(x) < FAR_PX || Math.abs(x) < SIDEWAYS * Math.abs(y)) return;
      const isBefore = document.documentElement.dir === "rtl" ? x < 0 : x > 0;
      turn(isBefore ? -1 : 1);
    };
    // Otherwise a browser takes the stroke for a way back to the page before.
    element.style.touchAction = "pan-y pinch-zoom";
    element.addEventListener("touchstart", begin, { passive: true });
    element.addEventListener("touchend", end, { passive: true });
    return () => {
      element.removeEventListener("touchstart", begin);
      element.removeEventListener("touchend", end);
    };
  };
}
