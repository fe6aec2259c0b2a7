/** Makes a box that scrolls reachable by keyboard, and names it, only while there is something to scroll. */
export function scrollable(box: HTMLElement): () => void {
  const look = (): void => {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) {
      const heading = box.closest("section, dialog")?.querySelector("h2, h3")?.textContent?.trim();
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      if (heading) box.setAttribute("aria-label", heading);
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  };
  const watcher = new ResizeObserver(look);
  watcher.observe(box);
  if (box.firstElementChild) watcher.observe(box.firstElementChild);
  return () => watcher.disconnect();
}
