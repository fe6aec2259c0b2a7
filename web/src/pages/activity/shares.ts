/** What each source measured during a day, and what of it counts, as rows of one time axis. */
import type { Series } from "../../api/read";
import type { ShareRow } from "../../charts/rows";
import { at } from "../../parts/time";

const HEIGHT = 34;

/** One row for each source that measured anything, in the order of `names`. */
export function sharesOf(series: Series, names: string[], colour: (name: string) => string): ShareRow[] {
  const { columns, sources, unit, metric } = series;
  if (!columns) return [];
  const bars = columns.start.map((start, index) => ({
    source: sources[columns.source?.[index] ?? 0] ?? "",
    from: at(start),
    to: at(columns.end[index] ?? start),
    value: columns.value?.[index] ?? 0,
    counted: columns.counted?.[index] ?? 0,
  }));
  const most = Math.max(0, ...bars.map((bar) => bar.value));
  // A source that the order does not name, such as one that was added meanwhile, comes last.
  const present = [...names, ...sources.filter((name) => !names.includes(name))];
  return present.flatMap((name) => {
    const own = bars.filter((bar) => bar.source === name);
    return own.length > 0
      ? [{ kind: "shares", label: name, height: HEIGHT, unit, most, bars: own, colour: colour(name), metric }]
      : [];
  });
}
