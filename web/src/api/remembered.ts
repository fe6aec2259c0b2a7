/** What was read from the server last, in the memory of this page alone and never on disk: while the connection is gone,
 *  a page that was opened before stays readable. It goes with the session. */

interface Kept {
  text: string;
  type: string;
}

export class Remembered {
  #kept = new Map<string, Kept>();
  #letters = 0;

  /** `most`: letters that all answers together may have; `one`: that a single one may have. */
  constructor(
    readonly most: number,
    readonly one: number,
  ) {}

  keep(url: string, text: string, type: string): void {
    this.#drop(url);
    if (text.length > this.one) return;
    this.#kept.set(url, { text, type });
    this.#letters += text.length;
    // The one that was read longest ago goes first.
    for (const old of this.#kept.keys()) {
      if (this.#letters <= this.most) break;
      this.#drop(old);
    }
  }

  /** The answer of before, as if it had just come. */
  find(url: string): Response | undefined {
    const found = this.#kept.get(url);
    return found && new Response(found.text, { status: 200, headers: { "content-type": found.type } });
  }

  forget(): void {
    this.#kept.clear();
    this.#letters = 0;
  }

  #drop(url: string): void {
    this.#letters -= this.#kept.get(url)?.text.length ?? 0;
    this.#kept.delete(url);
  }
}
