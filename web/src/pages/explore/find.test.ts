import { expect, test } from "vitest";
import { type Found, type Mine, resolutionFor, withGaps } from "./find";

const metric = {
  id: "heart_rate",
  kind: "discrete",
  unit: "/min",
  samples: 10,
  first: "2026-05-01",
  last: "2026-05-30",
} as Mine;

test("a gap is an empty place between two values, never a line", () => {
  const found: Found = {
    metric,
    resolution: "raw",
    times: [0, 10, 100],
    values: [1, 2, 3],
    low: [1, 2, 3],
    unit: "",
  };
  const out = withGaps(found, 50);
  expect(out.times).toEqual([0, 10, 55, 100]);
  expect(out.values).toEqual([1, 2, null, 3]);
  expect(out.low).toEqual([1, 2, null, 3]);
  expect(out.high).toBeUndefined();
});

test("the resolution fits the range", () => {
  expect(resolutionFor(1, metric)).toBe("raw");
  expect(resolutionFor(1, { ...metric, kind: "cumulative" })).toBe("5m");
  expect(resolutionFor(7, { ...metric, samples: 1e6 })).toBe("5m");
  // Too many for one answer are minutes with their extremes; near enough they are raw again.
  expect(resolutionFor(1.4, { ...metric, samples: 3e6 })).toBe("1m");
  expect(resolutionFor(0.1, { ...metric, samples: 3e6 })).toBe("raw");
  expect(resolutionFor(0.1, { ...metric, kind: "cumulative" })).toBe("raw");
  expect(resolutionFor(30, metric)).toBe("1h");
  expect(resolutionFor(365, metric)).toBe("1d");
});
