/** Something that a person asked for, and that the server may refuse. */
import { Failure, STALE } from "../api/client";
import { t } from "../words/words";

/** Does it, and returns why not: nothing when it went well. */
export async function attempt(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return why(error);
  }
}

/** Why something was refused, as people read it. */
export function why(error: Failure): string {
  return error.code === STALE ? t.confirm.needed : error.message || t.state.offline;
}
