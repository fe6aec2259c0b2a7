import { expect, test } from "vitest";
import {
  asShown,
  between,
  bytes,
  clock,
  clockFine,
  clockOfDay,
  duration,
  firstWeekday,
  hourOf,
  pace,
  quantity,
  readAs,
  share,
  unitName,
  unitOf,
} from "./format";
import { clockMinutes, daysOf, offsetMinutes, plusDays, startOfDay, today, weekday } from "./time";

test("quantities are shown in the person's unit", () => {
  readAs("metric", "en-GB");
  expect(quantity(13692.2, "1")).toBe("13,692");
  expect(quantity(454, "min")).toBe("7 h 34 min");
  expect(quantity(10132, "m")).toBe("10.13 km");
  readAs("imperial", "en-US");
  expect(quantity(1609.344, "m")).toBe("1.00 mi");
  expect(quantity(37, "Cel")).toBe("98.6 °F");
  expect(unitName("kg")).toBe("lb");
  readAs("metric", "not a language");
  expect(unitName("kg")).toBe("kg");
});

test("a range has its unit once and as many digits on both sides", () => {
  readAs("metric", "en-GB");
  expect(between(52, 52.84, "/min{beats}")).toBe("52.0–52.8 bpm");
  expect(between(52, 55, "/min{beats}")).toBe("52–55 bpm");
  expect(between(52, 52.01, "/min{beats}")).toBe("52 bpm");
  expect(between(96.6, 97, "%")).toBe("96.6–97.0\u202f%");
  expect(between(420, 481, "min")).toBe("7 h – 8 h 1 min");
  expect(between(5000, 7310, "m")).toBe("5.00–7.31 km");
  expect(between(11000, 12400, "1")).toBe("11,000–12,400");
});

test("values that read the same are the same", () => {
  readAs("metric", "en-GB");
  expect(asShown(14.56, "/min")).toBe(asShown(14.64, "/min"));
  expect(asShown(14.54, "/min")).toBeLessThan(asShown(14.56, "/min"));
  expect(asShown(1004, "m")).toBe(1);
});

test("what is counted by the minute is named", () => {
  expect(unitOf("resting_heart_rate", "/min")).toBe("/min{beats}");
  expect(unitOf("respiratory_rate", "/min")).toBe("/min");
  expect(unitOf("heart_rate_variability_sdnn", "ms")).toBe("ms");
  expect(unitOf("something_else", "/min")).toBe("/min");
  expect(unitName(unitOf("step_count", "/min"))).toBe("steps/min");
});

test("a pace is minutes and seconds of what a person counts the way in", () => {
  readAs("metric", "en-GB");
  expect(pace(5150, 31 * 60)).toBe("6:01 min/km");
  readAs("imperial", "en-US");
  expect(pace(1609.344, 599.6)).toBe("10:00 min/mi");
});

test("a clock time of the API reads like every other", () => {
  readAs("metric", "en-US");
  expect(clockOfDay("03:23:42").replace("\u202f", " ")).toBe("3:24 AM");
  readAs("metric", "en-GB");
  expect(clockOfDay("22:59:40")).toBe("23:00");
});

test("durations and sizes read as people say them", () => {
  expect([0, 59, 60, 61, 119.6].map(duration)).toEqual(["0 min", "59 min", "1 h", "1 h 1 min", "2 h"]);
  expect(bytes(2_400_000_000)).toBe("2.4 GB");
  expect(bytes(0)).toBe("0 bytes");
});

test("clock times come from the text, not from this machine's zone", () => {
  expect(clockMinutes("2026-11-19T22:47:00+01:00")).toBe(22 * 60 + 47);
  expect(offsetMinutes("2026-11-19T22:47:00-03:30")).toBe(-210);
  readAs("metric", "en-GB");
  expect(clock(-30)).toBe("23:30");
});

test("days go on over months, leap days and clock changes", () => {
  expect(plusDays("2028-02-28", 1)).toBe("2028-02-29");
  expect(plusDays("2026-03-28", 2)).toBe("2026-03-30");
  expect(daysOf("2026-12-31", "2027-01-02")).toEqual(["2026-12-31", "2027-01-01"]);
  expect(weekday("2026-11-30")).toBe(0);
  const now = new Date("2026-11-28T23:30:00Z");
  expect(today("Europe/Berlin", now)).toBe("2026-11-29");
  expect(today("America/New_York", now)).toBe("2026-11-28");
});

test("a day begins at its own midnight, also where the clock changes", () => {
  const iso = (date: string, zone: string): string => new Date(startOfDay(date, zone)).toISOString();
  expect(iso("2026-03-29", "Europe/Berlin")).toBe("2026-03-28T23:00:00.000Z");
  expect(iso("2026-03-30", "Europe/Berlin")).toBe("2026-03-29T22:00:00.000Z");
  expect(iso("2026-10-25", "Europe/Berlin")).toBe("2026-10-24T22:00:00.000Z");
  expect(iso("2026-10-26", "Europe/Berlin")).toBe("2026-10-25T23:00:00.000Z");
  expect(iso("2026-05-04", "Asia/Kolkata")).toBe("2026-05-03T18:30:00.000Z");
  expect(iso("2026-05-04", "America/New_York")).toBe("2026-05-04T04:00:00.000Z");
  expect(iso("2026-05-04", "no zone")).toBe("2026-05-04T00:00:00.000Z");
});

test("a clock time with seconds is one in every language", () => {
  // Which space stands before AM depends on the version of the locale data.
  const plain = (seconds: number, digits: number): string => clockFine(seconds, digits).replace(/\s/, " ");
  readAs("metric", "en-US");
  expect(plain((9 * 60 + 38) * 60 + 5, 0)).toBe("9:38:05 AM");
  expect(plain((21 * 60 + 38) * 60 + 5.25, 2)).toBe("9:38:05.25 PM");
  readAs("metric", "en-GB");
  expect(clockFine((21 * 60 + 38) * 60 + 59.999, 0)).toBe("21:38:59");
  expect(clockFine(86_400, 1)).toBe("0:00:00.0");
});

test("hours are short, and weeks begin where people expect them to", () => {
  readAs("metric", "en-US");
  expect(hourOf(0).replace(/\s/, " ")).toBe("12 AM");
  expect(hourOf(48).replace(/\s/, " ")).toBe("12 AM");
  expect(firstWeekday()).toBe(6);
  readAs("metric", "en-GB");
  expect(hourOf(12)).toBe("12");
  expect(firstWeekday()).toBe(0);
});

test("a share is written as every percentage is", () => {
  readAs("metric", "en-GB");
  expect(share(0.99)).toBe(quantity(99, "%"));
});
