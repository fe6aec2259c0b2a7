import { expect, test } from "vitest";
import type { Row } from "./rows";
import { within } from "./span";

const line: Row = {
  kind: "line",
  label: "",
  height: 1,
  unit: "/min",
  gap: 10,
  colour: "",
  points: [0, 10, 20, 60].map((at) => ({ at, value: at })),
};

test("a span has the values that begin in it, and its coverage ends at gaps", () => {
  expect(within(line, 0, 60)).toEqual({
    mean: 10,
    low: 0,
    high: 20,
    sum: undefined,
    count: 3,
    coverage: 0.5,
  });
  expect(within(line, 30, 60)).toBeUndefined();
  expect(within(line, 5, 5)).toBeUndefined();
});

test("totals are added up", () => {
  const bars: Row = {
    kind: "bars",
    label: "",
    height: 1,
    unit: "1",
    colour: "",
    bars: [
      { from: 0, to: 10, value: 4 },
      { from: 10, to: 20, value: 6 },
    ],
  };
  expect(within(bars, 0, 40)).toMatchObject({ sum: 10, count: 2, coverage: 0.5 });
});
