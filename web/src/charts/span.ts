/** What the values within a span of time say. */
import type { Row } from "./rows";

export interface Measured {
  mean: number;
  low: number;
  high: number;
  /** The sum, for what is added up. */
  sum: number | undefined;
  count: number;
  /** Share of the span within a gap of a value. */
  coverage: number;
}

/** The values of a row of levels or totals between two times; nothing where there is none. */
export function within(row: Row, from: number, to: number): Measured | undefined {
  if (to <= from) return undefined;
  if (row.kind === "line") {
    const points = row.points.filter((point) => from <= point.at && point.at < to);
    let covered = 0;
    points.forEach((point, index) => {
      const next = Math.min(points[index + 1]?.at ?? to, to);
      covered += Math.min(row.gap, next - point.at);
    });
    return measured(
      points.map((point) => point.value),
      Math.min(1, covered / (to - from)),
      false,
    );
  }
  if (row.kind === "bars") {
    const bars = row.bars.filter((bar) => from <= bar.from && bar.from < to);
    const covered = bars.reduce((sum, bar) => sum + Math.min(bar.to, to) - bar.from, 0);
    return measured(
      bars.map((bar) => bar.value),
      Math.min(1, covered / (to - from)),
      true,
    );
  }
  return undefined;
}

function measured(values: number[], coverage: number, adds: boolean): Measured | undefined {
  if (values.length === 0) return undefined;
  const sum = values.reduce((all, value) => all + value, 0);
  return {
    mean: sum / values.length,
    low: Math.min(...values),
    high: Math.max(...values),
    sum: adds ? sum : undefined,
    count: values.length,
    coverage,
  };
}
