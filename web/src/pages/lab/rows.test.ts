import { expect, test } from "vitest";
import { cellOf, seenOf } from "./rows";

const night = (date: string, role: string): Record<string, unknown> => ({
  date,
  role,
  window_source: "crespo",
  in_bed: `${date}T23:00:00`,
  total_sleep_min: 400,
  nothing: null,
});

test("what is the same in every row is said once, and empty columns are left out", () => {
  const seen = seenOf([night("2026-05-03", "night"), night("2026-05-04", "other")]);
  expect(seen.columns).toEqual(["date", "role", "in_bed", "total_sleep_min"]);
  expect(seen.same).toEqual([["window_source", "activity"]]);
  // One row alone has nothing to repeat.
  expect(seenOf([night("2026-05-03", "night")]).same).toEqual([]);
  expect(seenOf([])).toEqual({ columns: [], same: [] });
});

test("a row says its date once", () => {
  expect(cellOf("in_bed", "2026-05-03T23:00:00")).toBe("23:00");
  expect(cellOf("date", "2026-05-04")).toBe("Mon 2026-05-04");
  expect(cellOf("total_sleep_min", 400)).toBe("400");
  expect(cellOf("latency", null)).toBe("–");
});
