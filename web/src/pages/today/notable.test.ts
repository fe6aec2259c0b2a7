import { expect, test } from "vitest";
import { notable } from "./notable";

const day = (date: string, ...measures: [string, number | null][]) =>
  ({
    date,
    coverage: 1,
    contributing: measures.map(([measure, robust_z]) => ({
      measure,
      metric: measure,
      unit: "1",
      query: "",
      value: 5,
      usual: 1,
      robust_z,
      baseline_days: 28,
    })),
  }) as Parameters<typeof notable>[0][number];

test("three facts at most, the farthest of all, each measure once, the newest day first", () => {
  const found = notable([
    day("2026-05-01", ["steps", 4], ["bedtime", -3.8]),
    day("2026-05-02", ["steps", -5], ["sleep_duration", 3.6], ["resting_heart_rate", 3.7]),
  ]);
  expect(found.map((one) => [one.measure, one.date])).toEqual([
    ["steps", "2026-05-02"],
    ["resting_heart_rate", "2026-05-02"],
    ["bedtime", "2026-05-01"],
  ]);
  expect(notable([])).toEqual([]);
  // What could not be judged is no news.
  expect(notable([day("2026-05-01", ["steps", null])])).toEqual([]);
});
