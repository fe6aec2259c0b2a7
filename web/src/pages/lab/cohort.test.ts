import { expect, test } from "vitest";
import { type Line, matching, shownAs, sorted, table, unitOf, valueOf } from "./cohort";

const line = (name: string, value: number | null): Line =>
  ({
    key: name,
    name,
    item: { sha256: "ab", file: new File([], "a"), how: {} },
    recording: {
      device: "Actiwatch",
      format: "awd",
      start: "2026-05-03T12:00:00",
      epochs: 2880,
      epoch_s: 60,
      coverage: 0.9,
      damages: { count: 1, first: [] },
      measures: { total_sleep_min: value === null ? { value, reason: "too few nights" } : { value } },
    },
  }) as unknown as Line;

test("what has no value comes last in either order, and numbers in names count", () => {
  const lines = [line("p10", null), line("p2", 400), line("p1", 300)];
  const names = (by: string, down: boolean) => sorted(lines, by, down).map((one) => one.name);
  expect(names("total_sleep_min", false)).toEqual(["p1", "p2", "p10"]);
  expect(names("total_sleep_min", true)).toEqual(["p2", "p1", "p10"]);
  expect(names("recording", false)).toEqual(["p1", "p2", "p10"]);
  expect(valueOf(line("a", 1), "days")).toBe(2);
});

test("every word of a search must be there", () => {
  const lines = [line("night shift", 1), line("day shift", 1)];
  expect(matching(lines, "SHIFT night").map((one) => one.name)).toEqual(["night shift"]);
  expect(matching(lines, "actiwatch")).toHaveLength(2);
});

test("the file has each measure, and nothing where there is none", () => {
  const { head, rows } = table([line("a", 1.25), line("b", null)]);
  const at = head.indexOf("total_sleep_min");
  expect(rows.map((row) => row[at])).toEqual(["1.25", ""]);
  expect(rows.every((row) => row.length === head.length)).toBe(true);
});

test("values read as people write them", () => {
  expect(shownAs("sleep_efficiency", 0.9051)).toBe("90.5");
  expect(shownAs("interdaily_stability", 0.9051)).toBe("0.905");
  expect(shownAs("sleep_midpoint", "02:54:21")).toBe("02:54");
  // As on the printed page: seconds are rounded, and halves go to the even neighbour.
  expect(shownAs("in_bed", "2026-05-03T23:59:30")).toBe("2026-05-04 00:00");
  expect(shownAs("total_sleep_min", 508.5)).toBe("508");
  expect(shownAs("total_sleep_min", 509.5)).toBe("510");
  expect(shownAs("cosinor_acrophase_h", 15.2)).toBe("15:12");
  expect(shownAs("in_bed", "2026-05-03T23:00:00")).toBe("2026-05-03 23:00");
  expect(shownAs("date", "2026-05-04")).toBe("Mon 2026-05-04");
  expect(shownAs("window_source", "crespo")).toBe("activity");
  expect(unitOf("total_sleep_min", "counts")).toBe("min");
  expect(unitOf("l5", "counts")).toBe("counts");
});
