/** Addresses. The one table of pages is in pages/pages.ts; beside the page an address carries at most a day, and never a
 *  value. */
import { dayIn, withDay } from "./day";

/** Where we are. */
class Router {
  path = $state(location.pathname);
  /** The day that the address asks for. */
  day = $state(dayIn(location.search));

  constructor() {
    addEventListener("popstate", () => {
      this.path = location.pathname;
      this.day = dayIn(location.search);
    });
    document.addEventListener("click", (event) => this.#click(event));
  }

  /** Goes to an address: a page, or a page with a day. */
  go(address: string): void {
    const { pathname, search } = new URL(address, location.origin);
    const day = dayIn(search);
    if (pathname === this.path && day === this.day) return;
    const isOther = pathname !== this.path;
    history.pushState(null, "", withDay(pathname, day));
    this.path = pathname;
    this.day = day;
    if (isOther) scrollTo(0, 0);
  }

  /** Chooses a day of this page; the day that it shows by itself when left out. */
  choose(day: string | undefined): void {
    this.go(withDay(this.path, day));
  }

  /** Follows links to our own pages without leaving. */
  #click(event: MouseEvent): void {
    const link = (event.target as Element | null)?.closest("a");
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || /^\/(docs|redoc|api)\b/.test(link.pathname)) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const router = new Router();
