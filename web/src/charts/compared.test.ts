import { expect, test } from "vitest";
import type { Series } from "../api/read";
import { compared } from "./compared";

const HOUR = 3_600_000;
const from = Date.parse("2026-05-29T10:00:00Z");

/** A bucket an hour for each of some days before; its value is how many days back it lies. */
function series(days: number): Series {
  const start: string[] = [];
  const mean: number[] = [];
  for (let back = 1; back <= days; back++)
    for (const hour of [9, 10, 11, 12]) {
      start.push(new Date(from - back * 24 * HOUR + (hour - 10) * HOUR).toISOString());
      mean.push(hour === 10 || hour === 11 ? back : 1000);
    }
  return { columns: { start, end: start, mean } } as unknown as Series;
}

test("only the same hours of the days before count", () => {
  const found = compared(series(21), false, from, from + 2 * HOUR);
  expect(found).toEqual({ low: 3, median: 11, high: 19, count: 21 });
  expect(compared(series(21), true, from, from + 2 * HOUR)?.median).toBe(22);
});

test("few days say nothing", () => {
  expect(compared(series(13), false, from, from + 2 * HOUR)).toBeUndefined();
  expect(compared(series(21), false, from + 5 * HOUR, from + 6 * HOUR)).toBeUndefined();
});
