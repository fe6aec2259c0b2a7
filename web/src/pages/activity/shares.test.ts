import { expect, test } from "vitest";
import type { Series } from "../../api/read";
import { sharesOf } from "./shares";

const series = {
  sources: ["Phone", "Watch"],
  unit: "1",
  columns: {
    start: ["2026-05-04T08:00:00Z", "2026-05-04T08:00:00Z", "2026-05-04T08:05:00Z"],
    end: ["2026-05-04T08:05:00Z", "2026-05-04T08:05:00Z", "2026-05-04T08:10:00Z"],
    source: [0, 1, 0],
    value: [100, 120, 80],
    counted: [0, 120, 80],
  },
} as unknown as Series;

test("sources are in the order of the person, and their parts that count add up", () => {
  const rows = sharesOf(series, ["Watch", "Phone", "Ring"], () => "");
  expect(rows.map((row) => row.label)).toEqual(["Watch", "Phone"]);
  expect(rows.every((row) => row.most === 120)).toBe(true);
  const counted = rows.flatMap((row) => row.bars.map((bar) => bar.counted));
  expect(counted.reduce((sum, one) => sum + one, 0)).toBe(200);
});

test("a source that the order does not name is not lost", () => {
  expect(sharesOf(series, ["Watch"], () => "").map((row) => row.label)).toEqual(["Watch", "Phone"]);
  expect(sharesOf({ ...series, columns: null }, ["Watch"], () => "")).toEqual([]);
});
