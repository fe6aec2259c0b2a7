/** Where a value of a row comes from. */
import type { Traced } from "../parts/lens.svelte";
import { t } from "../words/words";
import { nearest, type Row, type Segment, under } from "./rows";

const SECOND = 1000;

/** What a row shows at a time; nothing where it has no value there. */
export function tracedOf(row: Row, time: number): Traced | undefined {
  if (row.kind === "line") {
    const found = nearest(row, time);
    const over = found && (found.over ?? { from: found.at, to: found.at });
    return (
      over && {
        label: row.label,
        value: found.value,
        unit: row.unit,
        metric: row.metric,
        bucket: row.bucket,
        page: row.bucket && "daily/discrete",
        ...during(over),
      }
    );
  }
  if (row.kind === "bars") {
    const found = under(row.bars, time);
    return (
      found && {
        label: row.label,
        value: found.value,
        unit: row.unit,
        metric: row.metric,
        bucket: row.bucket,
        page: row.bucket && "daily/merge",
        ...during(found),
      }
    );
  }
  if (row.kind === "shares") {
    const found = under(row.bars, time);
    return (
      found && {
        label: row.label,
        value: found.value,
        unit: row.unit,
        source: row.label,
        metric: row.metric,
        sources: [{ source: row.label, value: found.counted, unmerged: found.value }],
        ...during(found),
      }
    );
  }
  if (row.kind === "stages") {
    const found = under(row.segments, time);
    const minutes = found && (found.to - found.from) / 60_000;
    return (
      found && {
        label: t.stages[found.stage],
        value: minutes ?? null,
        unit: "min",
        metric: "sleep_analysis",
        ...during(found),
      }
    );
  }
  const found = under(row.spans, time);
  return (
    found && {
      label: found.label,
      value: found.value ?? null,
      unit: found.unit ?? "1",
      text: found.value === undefined ? found.label : undefined,
      ...during(found),
    }
  );
}

/** An interval without length would have no samples: its end does not belong to it. */
function during({ from, to }: Segment): { start: string; end: string } {
  return {
    start: new Date(from).toISOString(),
    end: new Date(Math.max(to, from + SECOND)).toISOString(),
  };
}
