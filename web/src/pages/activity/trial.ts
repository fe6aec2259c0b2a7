/** What the page would be under another order of sources: asked of the server, which saves nothing. */
import { client, data, type Schemas } from "../../api/client";
import { series, type Series } from "../../api/read";
import { placesOf, same } from "../../parts/order";
import { plusDays } from "../../parts/time";

export interface Trial {
  metric: string;
  /** The day of the strip. */
  day: string;
  /** The names, best first. */
  order: string[];
  /** What each source gives to the days, by date. */
  days: Map<string, Schemas["SourceValue"][]>;
  strip: Series;
}

/** An order that the page shall follow. */
export interface Wanted {
  metric: string;
  order: string[];
}

/** Whether the numbers of a metric are those of the order that is wanted; nothing is wanted of most. */
export function follows(
  wanted: Wanted | undefined,
  trial: Pick<Trial, "metric" | "order"> | undefined,
  metric: string,
): "nothing wanted" | "not yet" | "yes" {
  if (wanted?.metric !== metric) return "nothing wanted";
  return trial?.metric === metric && same(trial.order, wanted.order) ? "yes" : "not yet";
}

interface Asked {
  metric: string;
  day: string;
  from: string;
  until: string;
}

/** An order is saved while another is tried: so often it is asked again. */
const TRIES = 4;

/** Asks what an order would make. The API takes places in the order that holds, and a save may change that in between:
 *  an answer counts only when the order that held before it still holds after it. Nothing when it never came to rest. */
export async function settled<T>(
  held: () => Promise<string[]>,
  ask: (present: string[]) => Promise<T>,
): Promise<T | undefined> {
  let before = await held();
  for (let turn = 0; turn < TRIES; turn++) {
    const answer = await ask(before);
    const after = await held();
    if (same(before, after)) return answer;
    before = after;
  }
  return undefined;
}

export async function tryOrder(order: string[], asked: Asked): Promise<Trial | undefined> {
  const { metric, day, from, until } = asked;
  const held = async (): Promise<string[]> => {
    const query = { params: { query: { metric } } };
    const { data: sources } = await data(client.GET("/api/v1/sources", query));
    return sources.map((source) => source.name);
  };
  return settled(held, async (present) => {
    const more = { merge: "none", order: placesOf(order, present) } as const;
    const [days, strip] = await Promise.all([
      series(metric, from, until, "1d", more),
      series(metric, day, plusDays(day, 1), "5m", more),
    ]);
    return { metric, day, order, days: byDay(days), strip };
  });
}

/** What each source counted on each day. */
export function byDay(series: Series): Map<string, Schemas["SourceValue"][]> {
  const { columns, sources } = series;
  const found = new Map<string, Schemas["SourceValue"][]>();
  columns?.date?.forEach((date, index) => {
    const share = {
      source: sources[columns.source?.[index] ?? 0] ?? "",
      value: columns.counted?.[index] ?? 0,
      unmerged: columns.value?.[index] ?? 0,
      samples: columns.samples?.[index] ?? 0,
    };
    found.set(date, [...(found.get(date) ?? []), share]);
  });
  return found;
}

/** The total of a day: what counts of each source. */
export function totalOf(shares: Schemas["SourceValue"][]): number {
  return shares.reduce((sum, share) => sum + share.value, 0);
}
