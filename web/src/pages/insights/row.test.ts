import { expect, test } from "vitest";
import { inARow } from "./row";

test("only days that follow each other with the same headline count", () => {
  const all = [
    { date: "2026-05-09", title: "a" },
    { date: "2026-05-08", title: "a" },
    { date: "2026-05-06", title: "a" },
    { date: "2026-05-05", title: "b" },
  ];
  expect(all.map((_, index) => inARow(all, index))).toEqual([2, 1, 1, 1]);
  expect(inARow([], 0)).toBe(0);
});
