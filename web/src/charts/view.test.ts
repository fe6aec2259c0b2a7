import { expect, test } from "vitest";
import {
  alone,
  inside,
  joined,
  lowerBound,
  nearestTo,
  panned,
  thinned,
  windowAround,
  windowOf,
  zoomed,
} from "./view";

const DAY = 86_400_000;
const bounds = { from: 0, to: 2000 * DAY };

test("what lies under the pointer stays there, and the bounds hold", () => {
  const view = { from: 100 * DAY, to: 200 * DAY };
  const near = zoomed(view, 150 * DAY, 0.5, bounds);
  expect(near).toEqual({ from: 125 * DAY, to: 175 * DAY });
  const edge = zoomed(view, 110 * DAY, 0.1, bounds);
  expect((110 * DAY - edge.from) / (edge.to - edge.from)).toBeCloseTo(0.1, 9);
  expect(zoomed(view, 150 * DAY, 1e6, bounds)).toEqual(bounds);
  const beat = zoomed(view, 150 * DAY, 1e-12, bounds);
  expect(beat.to - beat.from).toBe(1000);
});

test("a view is never outside, whatever the gesture", () => {
  let seed = 7;
  const chance = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  let view = { from: 5 * DAY, to: 6 * DAY };
  for (let turn = 0; turn < 2000; turn++) {
    const at = view.from + chance() * (view.to - view.from);
    view =
      chance() < 0.5 ? zoomed(view, at, 0.2 + 2 * chance(), bounds) : panned(view, chance() - 0.5, bounds);
    expect(view.from).toBeGreaterThanOrEqual(bounds.from);
    expect(view.to).toBeLessThanOrEqual(bounds.to + 1e-3);
    expect(view.to).toBeGreaterThan(view.from);
    const read = windowOf(view, bounds);
    expect(read.from).toBeLessThanOrEqual(view.from);
    expect(read.to).toBeGreaterThanOrEqual(Math.min(view.to, bounds.to));
    expect(read.to - read.from).toBeLessThanOrEqual(3.1 * Math.max(1000, view.to - view.from) + 1000);
  }
  expect(inside({ from: -5, to: 5 }, { from: 0, to: 100 })).toEqual({ from: 0, to: 10 });
});

test("a moment is read with the hours around it", () => {
  const noon = 700.5 * DAY;
  const around = windowAround({ from: noon, to: noon + 2000 }, 1, bounds);
  expect(around.from).toBeLessThanOrEqual(noon - 3_600_000);
  expect(around.to).toBeGreaterThanOrEqual(noon + 3_600_000);
  expect(around.to - around.from).toBeLessThanOrEqual(4 * 3_600_000);
  // A small movement reads nothing new, and a wide view nothing more.
  expect(windowAround({ from: noon + 60_000, to: noon + 62_000 }, 1, bounds)).toEqual(around);
  const wide = { from: 100 * DAY, to: 300 * DAY };
  expect(windowAround(wide, 1, bounds)).toEqual(windowOf(wide, bounds));
});

test("places among times", () => {
  const times = [1, 3, 5];
  expect([0, 1, 2, 3, 6].map((time) => lowerBound(times, time))).toEqual([0, 0, 1, 1, 3]);
  expect([0, 1.9, 2.1, 4.4, 9].map((time) => nearestTo(times, time))).toEqual([0, 0, 1, 2, 2]);
});

test("thinning keeps ends, extremes and gaps", () => {
  const values: (number | null)[] = Array.from({ length: 10_000 }, (_, index) => Math.sin(index / 50) * 10);
  values[1234] = 99;
  values[4321] = -99;
  values[7000] = null;
  const kept = thinned(values, 300) ?? [];
  expect(kept.length).toBeLessThanOrEqual(5 * 300);
  for (const place of [0, 1234, 4321, 7000, 9999]) expect(kept).toContain(place);
  expect(kept.every((place, index) => index === 0 || place > (kept[index - 1] ?? 0))).toBe(true);
  expect(thinned(values.slice(0, 100), 300)).toBeUndefined();
});

test("a view between two values is one that a line crosses, unless a gap lies there", () => {
  const drawn = { times: [10, 20, 30, 40], values: [1, 2, null, 3] };
  expect(joined(drawn, { from: 12_000, to: 18_000 })).toEqual([0, 1]);
  // It has a value of its own.
  expect(joined(drawn, { from: 8_000, to: 12_000 })).toBeUndefined();
  expect(joined(drawn, { from: 22_000, to: 28_000 })).toBeUndefined();
  expect(joined(drawn, { from: 42_000, to: 48_000 })).toBeUndefined();
});

test("a value without neighbours is drawn as a point", () => {
  expect(alone([74])).toEqual([0]);
  expect(alone([1, null, 2, 3, null, 4])).toEqual([0, 5]);
  expect(alone([null, null])).toEqual([]);
});
