/** Something that a person asked for, and that the server may refuse. */
import { Failure } from "../api/client";
import { t } from "../words/words";

/** Does it, and returns why not: nothing when it went well. */
export async function attempt(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.message || t.state.offline;
  }
}
