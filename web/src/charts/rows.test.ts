import { expect, test } from "vitest";
import { clockOf, hours, type LineRow, nearest, stretches, under } from "./rows";

const line = (...at: number[]): LineRow => ({
  kind: "line",
  label: "",
  height: 1,
  unit: "1",
  gap: 10,
  colour: "",
  points: at.map((one) => ({ at: one, value: one })),
});

test("a gap stays a gap", () => {
  expect(stretches(line(0, 5, 10, 30, 35)).map((piece) => piece.length)).toEqual([3, 2]);
  expect(nearest(line(0, 30), 4)?.at).toBe(0);
  expect(nearest(line(0, 30), 15)).toBeUndefined();
  expect(nearest(line(), 15)).toBeUndefined();
});

test("segments are half-open", () => {
  const segments = [
    { from: 0, to: 10 },
    { from: 10, to: 20 },
  ];
  expect(under(segments, 10)).toEqual({ from: 10, to: 20 });
  expect(under(segments, 20)).toBeUndefined();
});

test("a day with a clock change has 23 hours and skips one of them", () => {
  const from = Date.parse("2026-03-28T23:00:00Z");
  const to = Date.parse("2026-03-29T22:00:00Z");
  const found = hours(from, to, "Europe/Berlin", 30).map((mark) => mark.hour);
  expect(found).toHaveLength(24);
  expect(found).not.toContain(2);
  expect(found.slice(0, 4)).toEqual([0, 1, 3, 4]);
});

test("short stretches have marks by minutes, as many as fit", () => {
  const from = Date.parse("2026-05-04T17:02:00Z");
  const marks = (minutes: number, most: number): string[] =>
    hours(from, from + minutes * 60_000, "Europe/Berlin", most).map(
      ({ hour }) => `${Math.floor(hour)}:${Math.round((hour % 1) * 60)}`,
    );
  expect(marks(31, 7)).toEqual(["19:5", "19:10", "19:15", "19:20", "19:25", "19:30"]);
  expect(marks(31, 3)).toEqual(["19:15", "19:30"]);
  expect(marks(240, 5)).toEqual(["20:0", "21:0", "22:0", "23:0"]);
});

test("zones of half hours have their own whole hours", () => {
  const from = Date.parse("2026-05-04T18:30:00Z");
  const marks = hours(from, from + 3 * 3_600_000, "Asia/Kolkata", 4);
  expect(marks.map((mark) => mark.hour)).toEqual([0, 1, 2, 3]);
  expect(clockOf("no/zone")(0)).toBe(0);
});
