import { expect, test } from "vitest";
import { type Mine, resolutionFor } from "./find";

const metric = {
  id: "heart_rate",
  kind: "discrete",
  unit: "/min",
  samples: 10,
  first: "2026-05-01",
  last: "2026-05-30",
} as Mine;

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
