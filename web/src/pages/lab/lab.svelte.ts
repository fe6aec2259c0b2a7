/** Recordings of a cohort on their way through the laboratory: one at a time, kept in this page only. */
import { client, data, Failure, type Schemas } from "../../api/client";
import { sentence, t } from "../../words/words";

export type Recording = Schemas["LabRecording"];

/** What the laboratory holds in memory; longer recordings are for the command line. */
export const BYTES_MAX = 64 * 1024 * 1024;

export interface How {
  zone?: string;
  columns?: string;
  nonwear?: "kept" | "choi" | "choi_90" | "troiano" | "stillness" | "device";
  windows?: "found" | "device";
}

/** What the server says where the first bytes of a file fit no format. */
const UNRECOGNISED = /of no known format/;

/** Why a file was not read, for somebody who looks at a page and names no formats on a command line. */
export function wrongOf(error: Pick<Failure, "message">): string {
  if (error.message === "") return t.state.offline;
  return UNRECOGNISED.test(error.message) ? t.lab.unrecognised : sentence(error.message);
}

export class Item {
  state = $state<"waiting" | "working" | "done" | "failed">("waiting");
  wrong = $state("");
  sha256 = "";
  recordings = $state.raw<Recording[]>([]);
  readonly id: number;
  readonly file: File;
  readonly how: How;

  constructor(id: number, file: File, how: How) {
    this.id = id;
    this.file = file;
    this.how = how;
  }

  async analyze(): Promise<void> {
    this.state = "working";
    this.wrong = "";
    try {
      if (this.file.size > BYTES_MAX) throw new Failure("problem", t.lab.tooLarge);
      const found = await data(
        client.POST("/api/v1/lab/recordings", {
          params: { query: this.how },
          body: this.file as unknown as string,
          bodySerializer: (body) => body as unknown as File,
          headers: { "Content-Type": "application/octet-stream" },
        }),
      );
      this.sha256 = found.sha256;
      this.recordings = found.recordings;
      this.state = "done";
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.waitS !== undefined) {
        // Small files of a cohort go faster than one person may send: the next turn is theirs again.
        await new Promise((resolve) => setTimeout(resolve, (error.waitS ?? 1) * 1000));
        this.state = "waiting";
        return;
      }
      this.wrong = wrongOf(error);
      this.state = "failed";
    }
  }
}

/** The page of a recording, one document of HTML to file or print. */
export function pageOf(item: Pick<Item, "file" | "how">, member?: string | null): Promise<string> {
  return data(
    client.POST("/api/v1/lab/page", {
      params: { query: { ...item.how, name: item.file.name, ...(member ? { member } : {}) } },
      body: item.file as unknown as string,
      bodySerializer: (body) => body as unknown as File,
      headers: { "Content-Type": "application/octet-stream" },
      parseAs: "text",
    }),
  );
}

class Laboratory {
  items = $state<Item[]>([]);
  #last = 0;
  #busy = false;

  add(files: Iterable<File>, how: How): void {
    for (const file of files) this.items.push(new Item(++this.#last, file, how));
    void this.#work();
  }

  again(item: Item): void {
    item.state = "waiting";
    void this.#work();
  }

  remove(item: Item): void {
    this.items = this.items.filter((one) => one.id !== item.id);
  }

  /** The server analyses few at once, and others wait with us: one after the other. */
  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    let next: Item | undefined;
    while ((next = this.items.find((one) => one.state === "waiting"))) await next.analyze();
    this.#busy = false;
  }
}

export const laboratory = new Laboratory();
