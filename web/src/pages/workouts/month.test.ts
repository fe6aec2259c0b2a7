import { expect, test } from "vitest";
import { plusMonths, weeksOf } from "./month";

test("months follow each other over the year", () => {
  expect(plusMonths("2026-12-15", 1)).toBe("2027-01-01");
  expect(plusMonths("2026-01-31", -1)).toBe("2025-12-01");
});

test("a month is whole weeks from Monday", () => {
  const weeks = weeksOf("2026-02-01");
  expect(weeks.length).toBe(5);
  expect(weeks[0]).toEqual([undefined, undefined, undefined, undefined, undefined, undefined, "2026-02-01"]);
  expect(weeks.flat().filter(Boolean).length).toBe(28);
  expect(weeksOf("2027-02-01").length).toBe(4);
  expect(weeksOf("2028-02-01").flat().at(-6)).toBe("2028-02-29");
});

test("a week begins with the day that it begins with where somebody lives", () => {
  const weeks = weeksOf("2026-11-01", 6);
  // November 1 is a Sunday.
  expect(weeks[0]?.[0]).toBe("2026-11-01");
  expect(weeks.length).toBe(5);
  expect(weeks.flat().filter(Boolean).length).toBe(30);
});
