import { expect, test, vi } from "vitest";
import { columnsOf, turns } from "./columns";

const SOURCES = ["Watch", "Phone"];

test("a gap is an empty place between two values, never a line", async () => {
  const compact = { base_ms: 0, start_delta_ms: [0, 10_000, 90_000], value: [1, 2, 3], min: [1, 2, 3] };
  const out = await columnsOf({ compact, sources: [] }, 50);
  expect(out.times).toEqual([0, 10, 55, 100]);
  expect(out.values).toEqual([1, 2, null, 3]);
  expect(out.low).toEqual([1, 2, null, 3]);
  expect(out.high).toBeUndefined();
});

test("times rise; each source can be read by itself", async () => {
  const compact = {
    base_ms: 5000,
    start_delta_ms: [0, 0, 1000, 1000],
    value: [1, 9, 2, 3],
    source: [0, 1, 0, 1],
  };
  const all = await columnsOf({ compact, sources: SOURCES }, 50);
  expect(all.times).toEqual([5, 6, 7]);
  expect(all.values).toEqual([1, 2, 3]);
  expect(all.sources).toEqual(["Watch", "Watch", "Phone"]);
  const phone = await columnsOf({ compact, sources: SOURCES }, 50, 1);
  expect(phone.times).toEqual([5, 7]);
  expect(phone.values).toEqual([9, 3]);
});

test("nothing is no row", async () => {
  expect((await columnsOf({ compact: null, sources: [] }, 50)).times).toEqual([]);
});

test("a long series is read in several turns", async () => {
  let looks = 0;
  const compact = {
    base_ms: 0,
    start_delta_ms: Array<number>(10_000).fill(1000),
    value: Array<number>(10_000).fill(60),
  };
  const out = await columnsOf({ compact, sources: [] }, 50, undefined, () => {
    looks += 1;
    return Promise.resolve();
  });
  expect(out.values).toHaveLength(10_000);
  expect(looks).toBe(5);
});

test("the page is let go after a while, not at each look", async () => {
  vi.useFakeTimers();
  try {
    let now = 0;
    const turn = turns(() => now);
    now = 4;
    await turn();
    now = 6;
    const waiting = turn();
    expect(vi.getTimerCount()).toBe(1);
    vi.runAllTimers();
    await waiting;
    // Again from the beginning of the new turn.
    now = 10;
    await turn();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
