import { expect, test } from "vitest";
import { fitting, linear, placed, range, ticks } from "./scale";

test("marks are round and inside the range", () => {
  expect(ticks(0, 100)).toEqual([0, 25, 50, 75, 100]);
  expect(ticks(0, 21_000)).toEqual([0, 10_000, 20_000]);
  for (const [low, high] of [
    [0, 1],
    [50.2, 58.9],
    [-3, 3],
    [0.001, 0.002],
  ] as const) {
    const found = ticks(low, high);
    expect(found.length).toBeGreaterThan(1);
    expect(found.length).toBeLessThan(7);
    for (const one of found) expect(one >= low - 1e-9 && one <= high + 1e-9).toBe(true);
  }
  expect(ticks(3, 3)).toEqual([3]);
});

test("scales map ends to ends", () => {
  const scale = linear([10, 20], [0, 100]);
  expect([10, 15, 20].map(scale)).toEqual([0, 50, 100]);
  expect(linear([5, 5], [0, 1])(5)).toBe(0);
});

test("a mark at the edge is not cut off", () => {
  expect(placed(400, "12:00 AM", 100, 800)).toEqual({ x: 400, "text-anchor": "middle" });
  expect(placed(100, "12:00 AM", 100, 800)).toEqual({ x: 100, "text-anchor": "start" });
  expect(placed(790, "12:00 AM", 100, 800)).toEqual({ x: 800, "text-anchor": "end" });
});

test("marks never touch each other", () => {
  const marks = [0, 35, 70, 105, 140].map((at) => ({ at, text: "12:00 AM" }));
  expect(fitting(marks, 0, 140).map((one) => one.mark.at)).toEqual([0, 105]);
  expect(fitting(marks, -100, 240).map((one) => one.mark.at)).toEqual([0, 70, 140]);
});

test("totals begin at zero, levels do not", () => {
  expect(range([5, 10], true)).toEqual([0, 10.600000000000001]);
  expect(range([5, 10], false)[0]).toBeGreaterThan(4);
  expect(range([], true)).toEqual([0, 1]);
});
