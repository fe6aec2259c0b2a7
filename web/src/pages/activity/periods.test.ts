import { expect, test } from "vitest";
import { grouped } from "./periods";

test("a week is the mean of its days with data, from Monday", () => {
  const days = [
    { date: "2026-11-22", value: 10 },
    { date: "2026-11-23", value: 100 },
    { date: "2026-11-24", value: null },
    { date: "2026-11-25", value: 200 },
  ];
  expect(grouped(days, "week").map(({ date, value }) => [date, value])).toEqual([
    ["2026-11-16", 10],
    ["2026-11-23", 150],
  ]);
  expect(grouped(days, "month")[0]?.value).toBeCloseTo(103.33, 1);
  expect(grouped(days, "day")).toBe(days);
  expect(grouped([{ date: "2026-11-24", value: null }], "week")[0]?.value).toBeNull();
});

test("shares of a period add up to its mean", () => {
  const days = [
    { date: "2026-11-23", value: 10, shares: [{ source: "a", value: 10 }] },
    { date: "2026-11-24", value: 30, shares: [{ source: "b", value: 30 }] },
  ];
  const [week] = grouped(days, "week");
  expect(week?.shares).toEqual([
    { source: "a", value: 5 },
    { source: "b", value: 15 },
  ]);
});
