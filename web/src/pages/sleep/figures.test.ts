import { expect, test } from "vitest";
import type { Night, Series } from "../../api/read";
import { en } from "../../words/en";
import { figuresOf, sourcesOf } from "./figures";

const clock = (minutes: number): string =>
  new Date(Date.UTC(2026, 10, 29, 22) + minutes * 60_000).toISOString();
const [FROM, TO] = [Date.parse(clock(0)), Date.parse(clock(600))];

function series(rows: [source: number, from: number, to: number, stage: number][]): Series {
  return {
    sources: ["Watch", "Phone", "Ring"],
    columns: {
      start: rows.map((row) => clock(row[1])),
      end: rows.map((row) => clock(row[2])),
      value: rows.map((row) => row[3]),
      source: rows.map((row) => row[0]),
    },
  } as unknown as Series;
}

test("who recorded only time in bed is listed, and its sleep is not known rather than nothing", () => {
  const found = sourcesOf(
    series([
      [1, 10, 480, 0],
      [0, 26, 120, 3],
      [0, 120, 180, 4],
      [0, 180, 189, 2],
    ]),
    FROM,
    TO,
  );
  expect(found).toEqual([
    { source: "Watch", asleep: 154, deep: 60, rem: null, core: 94, awake: 9, in_bed: null },
    { source: "Phone", asleep: null, deep: null, rem: null, core: null, awake: null, in_bed: 470 },
  ]);
});

test("figures with time in bed say who recorded it", () => {
  const night = {
    date: "2026-11-30",
    version: 4,
    main: {
      source: "Watch",
      in_bed_min: 470,
      efficiency: 0.93,
      latency_min: 16,
      midpoint: clock(300),
      stages_min: {},
    },
  } as unknown as Night;
  const bed = figuresOf(night, ["Phone"]).find((one) => one.id === "in_bed")?.figure;
  expect(bed?.definition).toContain(en.sleep.bedBy("Phone"));
  expect(bed?.source).toBeUndefined();
  const own = figuresOf(night, ["Watch"]).find((one) => one.id === "in_bed")?.figure;
  expect(own?.source).toBe("Watch");
  const waso = figuresOf(night, ["Phone"]).find((one) => one.id === "waso")?.figure;
  expect(waso?.definition).not.toContain("Phone");
});
