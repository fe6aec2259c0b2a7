import { expect, test } from "vitest";
import { startOfDay, today, weekday } from "../../parts/time";
import { atSameClock, daysBack, movedOn, periodBefore } from "./before";

const HOUR = 3_600_000;
const ZONE = "Europe/Berlin";
const day = (date: string): number => startOfDay(date, ZONE);

test("a week is beside the week before, each weekday and clock under its own", () => {
  const view = { from: day("2026-11-24"), to: day("2026-12-01") };
  const before = periodBefore(view, ZONE);
  expect(before).toEqual({ days: 7, view: { from: day("2026-11-17"), to: day("2026-11-24") } });
  // Tuesday half past seven stays Tuesday half past seven.
  const commute = day("2026-11-17") / 1000 + 7.5 * 3600;
  expect(movedOn([commute], before.days, ZONE)).toEqual([day("2026-11-24") / 1000 + 7.5 * 3600]);
});

test("days move by days, longer periods by whole weeks", () => {
  const of = (from: string, to: string): number => daysBack({ from: day(from), to: day(to) });
  expect(of("2026-11-30", "2026-12-01")).toBe(1);
  expect(of("2026-11-28", "2026-12-01")).toBe(3);
  expect(of("2026-11-01", "2026-12-01")).toBe(35);
  expect(of("2026-09-01", "2026-12-01")).toBe(91);
  // Less than a day lies beside the same hours of the day before.
  expect(daysBack({ from: day("2026-11-30"), to: day("2026-11-30") + 2 * HOUR })).toBe(1);
  const view = { from: day("2026-11-01"), to: day("2026-12-01") };
  const { from } = periodBefore(view, ZONE).view;
  expect(weekday(today(ZONE, new Date(from)))).toBe(weekday("2026-11-01"));
});

test("a change of the clock moves nothing out of its hour", () => {
  // Summer time ends on October 25.
  const noon = day("2026-10-28") + 12 * HOUR;
  expect(atSameClock(noon, -7, ZONE)).toBe(day("2026-10-21") + 12 * HOUR);
  const [one, other] = movedOn(
    [day("2026-10-24") / 1000 + 12 * 3600, day("2026-10-26") / 1000 + 12 * 3600],
    7,
    ZONE,
  );
  expect(one).toBe(day("2026-10-31") / 1000 + 12 * 3600);
  expect(other).toBe(day("2026-11-02") / 1000 + 12 * 3600);
});
