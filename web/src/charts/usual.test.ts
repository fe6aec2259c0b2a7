import { expect, test } from "vitest";
import { quantile, usualBefore } from "./usual";

test("quantiles agree with R's default", () => {
  expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
  expect(quantile([1, 2, 3, 4, 100], 0.5)).toBe(3);
  expect(quantile([5], 0.75)).toBe(5);
});

test("a day is not part of what was usual before it, and missing days are not zeros", () => {
  const values = [null, 1, 2, 3, 4, 5, 6, 7, 1000];
  expect(usualBefore(values, 8)).toEqual({ low: 2.5, median: 4, high: 5.5, count: 7 });
  expect(usualBefore(values, 7)).toBeUndefined();
});

test("only the 28 days before count", () => {
  const values = [...Array.from({ length: 10 }, () => 0), ...Array.from({ length: 28 }, () => 9), 1];
  expect(usualBefore(values, 38)).toEqual({ low: 9, median: 9, high: 9, count: 28 });
});
