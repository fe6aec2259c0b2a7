import { expect, test } from "vitest";
import { quantile, usualBefore } from "./usual";

test("quantiles agree with R's default", () => {
  expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
  expect(quantile([1, 2, 3, 4, 100], 0.5)).toBe(3);
  expect(quantile([5], 0.75)).toBe(5);
});

test("a day is not part of what was usual before it, and missing days are not zeros", () => {
  const values = [null, ...Array.from({ length: 21 }, (_, index) => index), 1000];
  // R: quantile(0:20, c(0.1, 0.5, 0.9))
  expect(usualBefore(values, 22)).toEqual({ low: 2, median: 10, high: 18, count: 21 });
  expect(usualBefore(values, 15)?.count).toBe(14);
  expect(usualBefore(values, 14)).toBeUndefined();
});

test("only the 28 days before count", () => {
  const values = [...Array.from({ length: 10 }, () => 0), ...Array.from({ length: 28 }, () => 9), 1];
  expect(usualBefore(values, 38)).toEqual({ low: 9, median: 9, high: 9, count: 28 });
});
