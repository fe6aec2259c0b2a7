import { expect, test } from "vitest";
import type { Night } from "../../api/read";
import { aroundMidnight, blockOf } from "./block";

const night = (midpoint: string, asleep_min: number): Night =>
  ({ date: "2026-05-04", main: { midpoint, asleep_min } }) as unknown as Night;

test("midpoints before and after midnight are neighbours", () => {
  expect(aroundMidnight(23 * 60)).toBe(-60);
  expect(aroundMidnight(60)).toBe(60);
  const found = blockOf([night("2026-05-03T23:00:00+02:00", 400), night("2026-05-04T01:00:00+02:00", 500)]);
  expect(found).toEqual({ asleep: 450, midpoint: 0, spread: 60 });
});

test("nights without a main sleep are no zeros", () => {
  expect(blockOf([])).toBeUndefined();
  expect(blockOf([{ date: "2026-05-04" } as Night, night("2026-05-04T03:00:00+02:00", 420)])?.asleep).toBe(
    420,
  );
});
