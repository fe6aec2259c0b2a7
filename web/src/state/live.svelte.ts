/** The server's events: pages read again when data changed, and everybody sees whether the line is open. */

import { onAsked } from "../api/client";

/** Several events that come together are one reason to read again. */
const TOGETHER_MS = 400;
/** While the server computes day after day, a page reads again this often and no oftener. */
const APART_MS = 4000;
/** Longer without a connection is worth a sentence. */
const PATIENCE_MS = 4000;

class Live {
  /** Rises whenever something may have changed. */
  changes = $state(0);
  connected = $state(true);
  /** The upload whose days were computed last. */
  upload = $state<string>();
  #source: EventSource | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;
  /** When everything was read again last. */
  #last = 0;
  /** Runs since the connection was lost; its end makes that known. */
  #lost: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** Something was not reached: whether the line is gone, the next try of the stream shows. */
  #suspected = false;
  /** The browser has a network again: its own next try may be far away. */
  #online = (): void => {
    this.#source?.close();
    this.#source = undefined;
    this.start();
    this.touch();
  };
  /** The browser has no network any more. */
  #offline = (): void => {
    this.connected = false;
    this.#doubt();
  };

  constructor() {
    onAsked((isOpen) => {
      if (isOpen) this.connected = true;
      else this.#doubt();
    });
  }

  /** Begins the stream anew, so that it becomes known whether the server is there. */
  #doubt(): void {
    if (!this.#source || this.#suspected) return;
    this.#suspected = true;
    this.#source.close();
    this.#source = undefined;
    this.start();
  }

  start(): void {
    if (this.#source) return;
    clearTimeout(this.#again);
    addEventListener("online", this.#online);
    addEventListener("offline", this.#offline);
    const source = new EventSource("/api/v1/events");
    this.#source = source;
    for (const kind of ["processing", "summary", "insight", "gap", "reset"]) {
      source.addEventListener(kind, () => this.#stirred());
    }
    source.addEventListener("processing", (event) => {
      const told = JSON.parse(event.data) as { processing_id: string; status: string };
      if (told.status === "completed") this.upload = told.processing_id;
    });
    source.onopen = () => {
      // What changed meanwhile was told to nobody.
      if (this.#lost !== undefined) this.touch();
      clearTimeout(this.#lost);
      this.#lost = undefined;
      this.#suspected = false;
      this.connected = true;
    };
    source.onerror = () => {
      // A request had failed as well: there is nothing to be patient about.
      if (this.#suspected) this.connected = false;
      this.#suspected = false;
      this.#lost ??= setTimeout(() => (this.connected = false), PATIENCE_MS);
      // A refused stream is not tried again by the browser.
      if (source.readyState === EventSource.CLOSED) {
        this.#source = undefined;
        this.#again = setTimeout(() => this.start(), PATIENCE_MS);
      }
    };
  }

  stop(): void {
    this.#source?.close();
    this.#source = undefined;
    clearTimeout(this.#lost);
    clearTimeout(this.#again);
    this.#lost = undefined;
    this.#suspected = false;
    removeEventListener("online", this.#online);
    removeEventListener("offline", this.#offline);
    this.connected = true;
    this.upload = undefined;
  }

  /** Something that was done here may have changed what is shown. */
  touch(): void {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.#read(), TOGETHER_MS);
  }

  /** The server says that something changed; a long import says so hundreds of times. */
  #stirred(): void {
    const wait = Math.max(TOGETHER_MS, this.#last + APART_MS - Date.now());
    this.#soon ??= setTimeout(() => this.#read(), wait);
  }

  #read(): void {
    this.#soon = undefined;
    this.#last = Date.now();
    this.changes += 1;
  }
}

export const live = new Live();
