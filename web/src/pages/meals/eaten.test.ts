import { expect, test } from "vitest";
import { againAt, contents, instantOf, minutesIn, titleOf, typed, usualAt } from "./eaten";

const BERLIN = "Europe/Berlin";

test("a clock time means what the clock of the day shows, also when clocks change", () => {
  const at = (day: string, minutes: number): string =>
    new Date(instantOf(day, minutes, BERLIN)).toISOString();
  expect(at("2026-07-01", 8 * 60)).toBe("2026-07-01T06:00:00.000Z");
  expect(at("2026-03-29", 8 * 60)).toBe("2026-03-29T06:00:00.000Z");
  expect(at("2026-10-25", 8 * 60)).toBe("2026-10-25T07:00:00.000Z");
  expect(at("2026-10-25", 0)).toBe("2026-10-24T22:00:00.000Z");
  expect(minutesIn(Date.parse("2026-10-25T07:30:00Z"), BERLIN)).toBe(8 * 60 + 30);
  expect(minutesIn(Date.parse("2026-10-25T07:30:00Z"), "Nowhere/Else")).toBe(7 * 60 + 30);
});

test("a meal is eaten again at its time of day, and never in the future", () => {
  const meal = { logged_at: "2026-07-01T06:00:00Z" };
  const now = Date.parse("2026-11-20T12:00:00Z");
  expect(againAt(meal, "2026-11-20", BERLIN, now)).toBe("2026-11-20T07:00:00.000Z");
  const early = Date.parse("2026-11-20T05:00:00Z");
  expect(againAt(meal, "2026-11-20", BERLIN, early)).toBe("2026-11-20T05:00:00.000Z");
});

test("what nobody said is not there, and nothing is something", () => {
  expect(contents({ calories: 400, fat_grams: 0 })).toBe("400 kcal · fat 0 g");
  expect(contents({})).toBe("");
  expect(typed("  ")).toBe(null);
  expect(typed("0")).toBe(0);
  expect(titleOf({ meal_description: null, meal_type: "lunch" })).toBe("Lunch");
  expect(titleOf({ meal_description: "Soup", meal_type: "lunch" })).toBe("Soup");
  expect(titleOf({ meal_description: null, meal_type: null })).toBe("Food");
});

test("each time of day has its usual meal", () => {
  expect([7, 12, 16, 19, 23].map((hour) => usualAt(hour * 60))).toEqual([
    "breakfast",
    "lunch",
    "snack",
    "dinner",
    "snack",
  ]);
});
