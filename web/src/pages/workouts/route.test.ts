import { expect, test } from "vitest";
import { heightsOf, metresBetween, splitsOf } from "./route";

/** Straight north from the equator, a point each minute; so many metres apart. */
function north(metres: number[], heights: (number | null)[] = []): Parameters<typeof splitsOf>[0] {
  const perDegree = metresBetween([0, 0], [1, 0]);
  let gone = 0;
  const along = [0, ...metres].map((step) => (gone += step));
  return {
    at: along.map((_, index) => new Date(Date.UTC(2026, 4, 4, 8, index)).toISOString()),
    latitude_deg: along.map((far) => far / perDegree),
    longitude_deg: along.map(() => 7),
    elevation_m: heights,
  };
}

test("a degree of a great circle is 111.2 km", () => {
  expect(metresBetween([0, 0], [1, 0])).toBeCloseTo(111_195, -1);
  expect(metresBetween([60, 10], [60, 11])).toBeCloseTo(55_597, -2);
});

test("each kilometre ends where it is reached, also between two points", () => {
  const start = Date.UTC(2026, 4, 4, 8);
  const found = splitsOf(north([500, 500, 400, 800, 300]), 1000);
  expect(found.map((one) => Math.round((one.to - start) / 1000))).toEqual([120, 225, 300]);
  expect(found.map((one) => Math.round(one.metres))).toEqual([1000, 1000, 500]);
  // Several within one step of a lost signal.
  expect(splitsOf(north([3500]), 1000).map((one) => Math.round((one.to - one.from) / 1000))).toEqual([
    17, 17, 17, 9,
  ]);
  expect(splitsOf(north([]), 1000)).toEqual([]);
});

test("a point without a height is a gap", () => {
  const found = heightsOf(north([10, 10, 10], [5, null, 7, 8]));
  expect(found.map((one) => [one.value, one.isAfterGap])).toEqual([
    [5, true],
    [7, true],
    [8, false],
  ]);
});
