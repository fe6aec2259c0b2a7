import { afterEach, expect, test } from "vitest";
import { converted, mark, readAs } from "../parts/format";
import { unitTicks } from "./marks";

afterEach(() => readAs("metric", "en-GB"));

test("marks are round in the unit that is read, not in that of the API", () => {
  readAs("imperial", "en-US");
  const found = unitTicks(35.2, 36.6, "Cel");
  expect(found.map((one) => mark(one, "Cel", found))).toEqual(["96", "97"]);
  for (const one of found) expect(converted(one, "Cel")).toBeCloseTo(Math.round(converted(one, "Cel")));
  const miles = unitTicks(0, 16_000, "m");
  expect(miles.map((one) => mark(one, "m", miles))).toEqual(["0", "2.5", "5", "7.5"]);
});

test("where nothing is converted they are the marks of every axis", () => {
  readAs("metric", "en-GB");
  expect(unitTicks(0, 100, "kcal")).toEqual([0, 25, 50, 75, 100]);
  expect(unitTicks(3, 3, "kg")).toEqual([3]);
});
