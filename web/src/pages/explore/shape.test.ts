import { expect, test } from "vitest";
import { daysOf } from "../../parts/time";
import { bins, weekdays } from "./shape";

test("every value is in one bin, and the bins are as wide as each other", () => {
  const values = [1, 2, 2.5, 3, 9.99, 10];
  const found = bins(values);
  expect(found.reduce((sum, bin) => sum + bin.count, 0)).toBe(values.length);
  for (const bin of found) {
    expect(bin.to - bin.from).toBeCloseTo((found[0]?.to ?? 0) - (found[0]?.from ?? 0));
    expect(values.filter((value) => bin.from <= value && value < bin.to).length).toBe(bin.count);
  }
  expect(bins([])).toEqual([]);
  expect(bins([7, 7]).map((bin) => bin.count)).toEqual([2]);
});

test("weekdays have the middle of their own days", () => {
  // Two weeks from a Monday; the second Tuesday has no value.
  const dates = daysOf("2026-05-04", "2026-05-18");
  const values = dates.map((_, index) => (index === 8 ? null : index));
  const found = weekdays(dates, values);
  expect(found[0]).toMatchObject({ median: 3.5, count: 2 });
  expect(found[1]).toMatchObject({ median: 1, count: 1 });
  expect(found.reduce((sum, one) => sum + one.count, 0)).toBe(13);
  // One Tuesday says nothing about Tuesdays.
  expect(weekdays(dates, values, 2)[1]).toMatchObject({ median: undefined, count: 1 });
  expect(weekdays([], [])[3]).toEqual({
    weekday: 3,
    low: undefined,
    median: undefined,
    high: undefined,
    count: 0,
  });
});
