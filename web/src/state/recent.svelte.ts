/** Showing again that it is oneself: what is sensitive wants that of a session, and the window asks where one is. */
import { client, data, onStale, type Schemas } from "../api/client";

class Recent {
  /** Whether the person is asked now. */
  asking = $state(false);
  /** Those who wait for the answer. */
  #waiting: ((isShown: boolean) => void)[] = [];

  /** Asks the person; returns whether they showed that it is them. */
  ask(): Promise<boolean> {
    this.asking = true;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Asks where a session is not recent: before something that is not asked of the API, such as a download. */
  async ensure(): Promise<boolean> {
    const state = await data(client.GET("/api/v1/auth/mfa"));
    return state.is_recent || this.ask();
  }

  /** Shows that it is the person; throws where the server does not believe it. */
  async show(shown: Schemas["Confirmation"]): Promise<void> {
    await data(client.POST("/api/v1/auth/confirm", { body: shown }));
    this.#end(true);
  }

  /** The person would rather not. */
  leave(): void {
    this.#end(false);
  }

  #end(isShown: boolean): void {
    this.asking = false;
    for (const waiting of this.#waiting.splice(0)) waiting(isShown);
  }
}

export const recent = new Recent();

onStale(() => recent.ask());
