import { expect, test } from "vitest";
import { lapsOf } from "./laps";

const minutes = (events: Parameters<typeof lapsOf>[0]): [number, number][] =>
  lapsOf(events, "2026-05-04T08:00:00Z").map((lap) => [
    (lap.from - Date.UTC(2026, 4, 4, 8)) / 60_000,
    (lap.to - Date.UTC(2026, 4, 4, 8)) / 60_000,
  ]);

test("laps have the length that they came with, or end with a press", () => {
  const at = (minute: number): string => `2026-05-04T08:${String(minute).padStart(2, "0")}:00Z`;
  expect(
    minutes([
      { event: "lap", at: at(5), duration_min: 4 },
      { event: "pause", at: at(2), duration_min: null },
      { event: "lap", at: at(0), duration_min: 5 },
    ]),
  ).toEqual([
    [0, 5],
    [5, 9],
  ]);
  expect(
    minutes([5, 11, 11].map((minute) => ({ event: "lap", at: at(minute), duration_min: null }))),
  ).toEqual([
    [0, 5],
    [5, 11],
  ]);
  expect(minutes([])).toEqual([]);
});
