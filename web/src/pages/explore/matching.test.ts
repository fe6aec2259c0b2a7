import { expect, test } from "vitest";
import type { Mine } from "./find";
import { matching } from "./matching";

const IDS = [
  "heart_rate",
  "heart_rate_variability_sdnn",
  "resting_heart_rate",
  "body_mass",
  "step_count",
  "sleep_analysis",
  "oxygen_saturation",
  "distance_cycling",
];
const all = IDS.map((id) => ({ id }) as Mine);
const found = (search: string, shown: string[] = []): string[] =>
  matching(all, search, ({ id }) => shown.includes(id)).map(({ id }) => id);

test("a metric is found by the words that people have for it", () => {
  expect(found("hrv")).toEqual(["heart_rate_variability_sdnn"]);
  expect(found("Pulse")).toEqual(["heart_rate", "resting_heart_rate"]);
  expect(found("weight")).toEqual(["body_mass"]);
  expect(found("spo2")).toEqual(["oxygen_saturation"]);
  expect(found("bike")).toEqual(["distance_cycling"]);
  expect(found("resting pulse")).toEqual(["resting_heart_rate"]);
  expect(found("no such thing")).toEqual([]);
});

test("what is shown stays, first, whatever is looked for", () => {
  expect(found("weight", ["step_count"])).toEqual(["step_count", "body_mass"]);
  expect(found("", ["step_count"])[0]).toBe("step_count");
});
