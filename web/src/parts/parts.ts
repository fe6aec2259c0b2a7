/** What each source contributes to a stretch of a series that was read source by source. */
import type { Series } from "../api/read";

export interface Part {
  source: string;
  /** What of its total counts; of levels the mean, of categories the minutes. */
  value: number;
  /** Its own total, of what adds up. */
  own: number | undefined;
  /** Samples. */
  n: number;
  /** Of the total, or of the samples where nothing adds up. */
  share: number;
}

export function partsOf(series: Series): Part[] {
  const columns = series.columns;
  if (!columns) return [];
  const found = series.sources.map((source) => ({ source, counted: 0, own: 0, sum: 0, n: 0, minutes: 0 }));
  columns.source?.forEach((index, row) => {
    const part = found[index];
    if (!part) return;
    const n = columns.n?.[row] ?? columns.samples?.[row] ?? 0;
    part.n += n;
    part.counted += columns.counted?.[row] ?? 0;
    part.own += columns.value?.[row] ?? 0;
    part.minutes += columns.minutes?.[row] ?? 0;
    part.sum += (columns.mean?.[row] ?? 0) * n;
  });
  const adds = columns.counted !== undefined && columns.counted !== null;
  const all = found.reduce((sum, part) => sum + (adds ? part.counted : part.n), 0);
  return found
    .filter((part) => part.n > 0)
    .map((part) => ({
      source: part.source,
      value: adds ? part.counted : columns.minutes ? part.minutes : part.sum / part.n,
      own: adds ? part.own : undefined,
      n: part.n,
      share: all > 0 ? (adds ? part.counted : part.n) / all : 0,
    }));
}
