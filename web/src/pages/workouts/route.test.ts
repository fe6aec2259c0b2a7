import { expect, test } from "vitest";
import { heightsOf, metresBetween, metresOf, splitsOf, wayOf } from "./route";

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

test("kilometres are those of the distance that the device recorded, where the route is the same way", () => {
  const route = north([500, 600, 500, 600]);
  const workout = { start: route.at[0] ?? "", end: route.at.at(-1) ?? "", distance_m: 2000 };
  const way = wayOf([route], workout);
  expect(metresOf(route)).toBeCloseTo(2200, 3);
  expect(way.scale).toBeCloseTo(2000 / 2200, 6);
  expect(way.isSame).toBe(false);
  const splits = splitsOf(route, 1000, way.scale);
  expect(splits.map((one) => Math.round(one.metres))).toEqual([1000, 1000]);
  expect(splits.at(-1)?.to).toBe(Date.parse(workout.end));
  // A part of the way, another way, or no distance: the points stay as they are.
  expect(wayOf([north([500, 500])], { ...workout, distance_m: 1900 }).scale).toBeUndefined();
  expect(wayOf([route], { ...workout, distance_m: 1000 }).scale).toBeUndefined();
  expect(wayOf([route], { ...workout, distance_m: null })).toMatchObject({ scale: undefined, isSame: true });
  expect(wayOf([route], { ...workout, distance_m: 2204 }).isSame).toBe(true);
});

test("a point without a height is a gap", () => {
  const found = heightsOf(north([10, 10, 10], [5, null, 7, 8]));
  expect(found.map((one) => [one.value, one.isAfterGap])).toEqual([
    [5, true],
    [7, true],
    [8, false],
  ]);
});
