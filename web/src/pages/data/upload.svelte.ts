/** One file on its way to the server: it is the body of the request, so memory does not grow with it. */
import { client, data, Failure, failure, type Schemas } from "../../api/client";
import { live } from "../../state/live.svelte";

/** How often the server is asked how many records it has read. */
const LOOK_MS = 1000;

export type State = "idle" | "sending" | "done" | "stopped" | "interrupted" | "refused";

class Upload {
  state = $state<State>("idle");
  name = $state("");
  sent = $state(0);
  all = $state(0);
  /** Records that the server has read, and how many in a second. */
  records = $state(0);
  rate = $state(0);
  seconds = $state(0);
  report = $state.raw<Schemas["ImportAnswer"] | undefined>();
  wrong = $state("");
  #request: XMLHttpRequest | undefined;
  #file: File | undefined;

  /** Seconds left at the speed so far; unknown before a second has passed. */
  get left(): number | undefined {
    if (this.seconds < 1 || this.sent === 0 || this.sent >= this.all) return undefined;
    return ((this.all - this.sent) / this.sent) * this.seconds;
  }

  /** Sends the last file once more, as a format that says what the file does not. */
  again(format: string): void {
    if (this.#file) this.send(this.#file, format);
  }

  send(file: File, format?: string): void {
    if (this.state === "sending") return;
    this.#file = file;
    const request = new XMLHttpRequest();
    const started = Date.now();
    Object.assign(this, { state: "sending", name: file.name, sent: 0, all: file.size, records: 0, rate: 0 });
    Object.assign(this, { seconds: 0, report: undefined, wrong: "" });
    this.#request = request;
    const looking = setInterval(() => {
      this.seconds = (Date.now() - started) / 1000;
      void this.#look();
    }, LOOK_MS);
    request.open("POST", `/api/v1/imports${format ? `?format=${encodeURIComponent(format)}` : ""}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader(
      "Content-Disposition",
      `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
    );
    request.upload.onprogress = (event) => (this.sent = event.loaded);
    request.onload = () => this.#ended(request);
    request.onerror = () => (this.state = "interrupted");
    request.onabort = () => (this.state = "stopped");
    request.onloadend = () => {
      clearInterval(looking);
      this.#request = undefined;
      live.touch();
    };
    request.send(file);
  }

  stop(): void {
    this.#request?.abort();
  }

  #ended(request: XMLHttpRequest): void {
    const body: unknown = parsed(request.responseText);
    if (request.status >= 200 && request.status < 300) {
      this.report = body as Schemas["ImportAnswer"];
      this.sent = this.all;
      this.state = "done";
    } else {
      this.wrong = failure(request.status, body).message;
      this.state = "refused";
    }
  }

  async #look(): Promise<void> {
    try {
      const page = await data(client.GET("/api/v1/imports", { params: { query: { limit: 1 } } }));
      const row = page.data[0];
      if (this.state !== "sending" || row?.status !== "received") return;
      const records = row.accepted + row.duplicates + row.rejected;
      this.rate = this.seconds > 0 ? records / this.seconds : 0;
      this.records = records;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const upload = new Upload();

if (typeof window !== "undefined") {
  // Leaving in the middle asks first; what was stored stays in any case.
  addEventListener("beforeunload", (event) => {
    if (upload.state === "sending") event.preventDefault();
  });
}
