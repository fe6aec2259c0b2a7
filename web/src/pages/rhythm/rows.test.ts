import { expect, test } from "vitest";
import type { Night, Series } from "../../api/read";
import { asleepOf, lightOf, zonesOf } from "./rows";

const night = (date: string, zone: string, onset?: string, offset?: string): Night =>
  ({ date, zone, main: onset ? { onset, offset } : null, naps: [] }) as unknown as Night;

test("sleep lies on the clock of its place", () => {
  const nights = [
    night("2026-05-05", "Europe/Berlin", "2026-05-04T23:00:00+02:00", "2026-05-05T07:30:00+02:00"),
  ];
  expect(asleepOf(nights, "2026-05-04")).toEqual([{ from: 23 * 60, to: 24 * 60 + 7 * 60 + 30 }]);
});

test("light that was not measured is no darkness", () => {
  const series = { columns: { start: ["2026-05-04T00:05:00+02:00"], mean: [0] } } as unknown as Series;
  expect(lightOf(series, ["2026-05-04"])[0]?.slice(0, 3)).toEqual([null, 0, null]);
  expect(lightOf(undefined, ["2026-05-04"])[0]?.every((value) => value === null)).toBe(true);
});

test("a change of zone is marked on the first day in the new one, and days without a night stay where one was", () => {
  const dates = ["2026-05-04", "2026-05-05", "2026-05-06", "2026-05-07"];
  const nights = [night("2026-05-04", "Europe/Berlin"), night("2026-05-06", "America/New_York")];
  expect(zonesOf(nights, dates).map((one) => one.isNew)).toEqual([false, false, true, false]);
  expect(zonesOf(nights, dates)[3]?.zone).toBe("America/New_York");
});
