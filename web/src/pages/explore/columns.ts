/** The rows of a series as columns for drawing: with an empty place where nothing is known, and read in short turns, so
 *  that a hundred thousand rows that arrive while a chart is moved hold up no frame. */
import type { Schemas } from "../../api/client";

type Answer = Pick<Schemas["SeriesAnswer"], "compact" | "sources">;

export interface Columns {
  /** Seconds since 1970, rising. */
  times: number[];
  values: (number | null)[];
  low?: (number | null)[] | undefined;
  high?: (number | null)[] | undefined;
  /** Name of the source of each value, where it has one. */
  sources?: string[] | undefined;
}

/** Rows between two looks at the clock, and how long the page may be held at a stretch. */
const LOOK_ROWS = 2048;
const TURN_MS = 5;

/** Waits until the page has drawn and listened, when it was held for a while. */
export function turns(now: () => number = () => performance.now()): () => Promise<void> {
  let began = now();
  return async () => {
    if (now() - began < TURN_MS) return;
    await new Promise((resolve) => setTimeout(resolve));
    began = now();
  };
}

/** The columns of a series, or of one of its sources. Longer than `gap` seconds between two values is a gap: an empty
 *  place between them breaks the line. Of values at the same time the first stays: a canvas wants times that rise. */
export async function columnsOf(
  { compact: rows, sources: names }: Answer,
  gap: number,
  only?: number,
  turn: () => Promise<void> = turns(),
): Promise<Columns> {
  const { start_delta_ms = [], min, max, source } = rows ?? {};
  const column = rows?.value ?? rows?.mean ?? rows?.minutes ?? rows?.n ?? [];
  const times: number[] = [];
  const values: (number | null)[] = [];
  const low: (number | null)[] | undefined = min ? [] : undefined;
  const high: (number | null)[] | undefined = max ? [] : undefined;
  const sources: string[] | undefined = source ? [] : undefined;
  let at = rows?.base_ms ?? 0;
  let last = Number.NaN;
  for (let index = 0; index < start_delta_ms.length; index++) {
    if (index % LOOK_ROWS === 0) await turn();
    at += start_delta_ms[index] ?? 0;
    const time = at / 1000;
    if ((only !== undefined && (source?.[index] ?? 0) !== only) || time <= last) continue;
    if (time - last > gap) {
      times.push((last + time) / 2);
      values.push(null);
      low?.push(null);
      high?.push(null);
      sources?.push("");
    }
    times.push(time);
    values.push(column[index] ?? null);
    low?.push(min?.[index] ?? null);
    high?.push(max?.[index] ?? null);
    sources?.push(names[source?.[index] ?? -1] ?? "");
    last = time;
  }
  return { times, values, low, high, sources };
}
