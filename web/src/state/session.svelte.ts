/** Who looks through the window. */
import { client, data, Failure, forgetAnswers, onSignedOut, type Schemas } from "../api/client";
import { live } from "./live.svelte";
import { forgetLooks } from "./looked";

export type Standing = "unknown" | "first-start" | "signed-out" | "signed-in" | "unreachable";

class Session {
  standing = $state<Standing>("unknown");
  me = $state.raw<Schemas["Me"] | undefined>(undefined);
  profile = $state.raw<Schemas["ProfileAnswer"] | undefined>(undefined);
  preferences = $state.raw<Schemas["PreferencesAnswer"] | undefined>(undefined);

  constructor() {
    onSignedOut(() => this.#ended());
    // Another tab signed in or out: two tabs agree.
    const channel = new BroadcastChannel("session");
    channel.onmessage = () => void this.look();
    this.#tell = () => channel.postMessage("changed");
  }

  #tell: () => void;

  /** Asks the server how things stand. */
  async look(): Promise<void> {
    try {
      const setup = await data(client.GET("/api/v1/setup"));
      if (setup.needs_first_account) {
        this.standing = "first-start";
        return;
      }
      await this.#welcome();
    } catch (error) {
      if (error instanceof Failure && error.kind === "signed-out") this.#ended();
      else if (this.standing !== "signed-in") this.standing = "unreachable";
    }
  }

  /** Signs in; where the account wants a code besides, returns the challenge that goes with it. */
  async signIn(email: string, password: string): Promise<string | undefined> {
    const answer = await data(client.POST("/api/v1/auth/browser", { body: { email, password } }));
    if ("challenge" in answer) return answer.challenge;
    await this.enter();
    return undefined;
  }

  /** Completes a sign-in with a code. */
  async signInWith(challenge: string, code: string): Promise<void> {
    await data(client.POST("/api/v1/auth/browser/mfa", { body: { challenge, code } }));
    await this.enter();
  }

  /** Creates the first account; `enter` goes on with it. */
  async setUp(account: Schemas["FirstAccount"]): Promise<void> {
    await data(client.POST("/api/v1/setup", { body: account }));
  }

  /** Goes in with the session that the browser has. */
  async enter(): Promise<void> {
    await this.#welcome();
    this.#tell();
  }

  /** Ends the session; the page is loaded anew, so that no value stays in memory. Where the server did not hear it,
   *  one is still signed in: that throws. */
  async signOut(): Promise<void> {
    try {
      await data(client.DELETE("/api/v1/auth/browser"));
    } catch (error) {
      // It had ended already.
      if (!(error instanceof Failure) || error.kind !== "signed-out") throw error;
    }
    live.stop();
    forgetLooks();
    this.#tell();
    location.assign("/");
  }

  /** Reads the profile again after a change. */
  async refresh(): Promise<void> {
    const [me, profile, preferences] = await Promise.all([
      data(client.GET("/api/v1/auth/me")),
      data(client.GET("/api/v1/user/profile")),
      data(client.GET("/api/v1/user/preferences")),
    ]);
    this.me = me;
    this.profile = profile;
    this.preferences = preferences;
  }

  async #welcome(): Promise<void> {
    await this.refresh();
    this.standing = "signed-in";
    live.start();
  }

  #ended(): void {
    forgetAnswers();
    live.stop();
    this.me = undefined;
    this.profile = undefined;
    this.preferences = undefined;
    this.standing = "signed-out";
  }
}

export const session = new Session();
