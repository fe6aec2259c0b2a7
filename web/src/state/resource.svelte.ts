/** Something that is read from the server: empty, loading, there, stale, failed or offline. */
import { Failure } from "../api/client";
import { live } from "./live.svelte";

export class Resource<T> {
  /** The last value that came; it stays while a newer one loads. */
  value = $state.raw<T | undefined>(undefined);
  failure = $state.raw<Failure | undefined>(undefined);
  loading = $state(true);
  #turn = 0;

  /** Reads once more; a later turn wins over an earlier one that is slower. */
  async read(fetch: () => Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const value = await fetch();
      if (turn !== this.#turn) return;
      this.value = value;
      this.failure = undefined;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.failure = error instanceof Failure ? error : new Failure("problem", String(error));
    }
    this.loading = false;
  }
}

/** Reads what `fetch` reads, again whenever what it depends on changes or the server says that data did. */
export function resource<T>(fetch: () => Promise<T>): Resource<T> {
  const found = new Resource<T>();
  $effect(() => {
    void live.changes;
    const promise = fetch();
    void found.read(() => promise);
  });
  return found;
}
