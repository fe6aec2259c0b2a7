import { expect, test } from "vitest";
import type { Series } from "../../api/read";
import { averageDay, gridOf, holesOf, SLOTS } from "./grid";

const series = {
  columns: {
    start: ["2026-11-01T00:00:00+01:00", "2026-11-01T12:07:00+01:00", "2026-11-02T23:55:00-05:00"],
    end: [],
    value: [5, 60, 7],
  },
} as unknown as Series;

test("buckets lie on the clock of their own place", () => {
  const grid = gridOf(series, "2026-11-01", "2026-11-03");
  expect(grid.days.map((day) => day.length)).toEqual([SLOTS, SLOTS]);
  expect(grid.days[0]?.[0]).toBe(5);
  expect(grid.days[0]?.[145]).toBe(60);
  expect(grid.days[1]?.[287]).toBe(7);
  expect(grid.days[1]?.[0]).toBeNull();
});

test("days without any data are not part of the average", () => {
  const grid = gridOf(series, "2026-11-01", "2026-11-06");
  const average = averageDay(grid);
  expect(average).toHaveLength(48);
  expect(average[24]?.mean).toBe(30);
  expect(average[47]?.mean).toBe(3.5);
});

test("a day without data and hours to come are holes, a quiet hour is none", () => {
  const grid = gridOf(series, "2026-11-01", "2026-11-04");
  expect(holesOf(grid, { date: "2026-11-02", minutes: 61 })).toEqual([undefined, [13, SLOTS], [0, SLOTS]]);
  expect(holesOf(grid, { date: "2026-11-09", minutes: 0 })).toEqual([undefined, undefined, [0, SLOTS]]);
});
