/** Zooming and moving along a time axis: the wheel with Ctrl or a pinch zooms, a sideways wheel and two fingers move. */
import { panned, type View, zoomed } from "./view";

interface Axis {
  view: View;
  bounds: View;
  /** The time under a place, pixels from the left of the element. */
  timeAt: (x: number) => number;
  change: (view: View) => void;
}

const WHEEL_ZOOM = 0.0022;

/** Follows the gestures over an element; `axis` is asked at each, so that it is always the one shown. */
export function gestures(axis: () => Axis | undefined): (element: HTMLElement) => () => void {
  return (element) => {
    const left = (): number => element.getBoundingClientRect().left;
    const wheel = (event: WheelEvent): void => {
      const now = axis();
      if (!now) return;
      const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (!event.ctrlKey && !event.metaKey && !isSideways) return;
      event.preventDefault();
      if (isSideways) {
        const by = event.deltaX || event.deltaY;
        now.change(panned(now.view, by / Math.max(1, element.clientWidth), now.bounds));
      } else {
        const at = now.timeAt(event.clientX - left());
        now.change(zoomed(now.view, at, Math.exp(event.deltaY * WHEEL_ZOOM), now.bounds));
      }
    };
    let fingers: { middle: number; apart: number } | undefined;
    const read = (event: TouchEvent): { middle: number; apart: number } | undefined => {
      const [one, other] = [event.touches[0], event.touches[1]];
      if (!one || !other) return undefined;
      return {
        middle: (one.clientX + other.clientX) / 2,
        apart: Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY)),
      };
    };
    const touch = (event: TouchEvent): void => {
      const next = read(event);
      const now = axis();
      if (next && fingers && now) {
        event.preventDefault();
        const at = now.timeAt(next.middle - left());
        const moved = (fingers.middle - next.middle) / Math.max(1, element.clientWidth);
        now.change(panned(zoomed(now.view, at, fingers.apart / next.apart, now.bounds), moved, now.bounds));
      }
      fingers = next;
    };
    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("touchstart", touch, { passive: false });
    element.addEventListener("touchmove", touch, { passive: false });
    element.addEventListener("touchend", touch);
    return () => {
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("touchstart", touch);
      element.removeEventListener("touchmove", touch);
      element.removeEventListener("touchend", touch);
    };
  };
}

/** The view after a key, where the key is one of the axis: + and − zoom, brackets move. */
export function keyed(key: string, at: number, view: View, bounds: View): View | undefined {
  if (key === "+" || key === "=") return zoomed(view, at, 0.5, bounds);
  if (key === "-" || key === "−") return zoomed(view, at, 2, bounds);
  if (key === "[") return panned(view, -0.5, bounds);
  if (key === "]") return panned(view, 0.5, bounds);
  return undefined;
}
