import { expect, test } from "vitest";
import { en } from "./en";
import { methodName } from "./methods";

test("a method is called by words, whether it is listed or not", () => {
  expect(methodName("resting_heart_rate.lowest_30_min_asleep")).toBe(
    en.methods["resting_heart_rate.lowest_30_min_asleep"],
  );
  expect(methodName("distance.interval_priority")).toBe(`Distance: ${en.methodWays["interval_priority"]}`);
  expect(methodName("interdaily_stability")).toBe(en.measures["interdaily_stability"]);
  expect(methodName("something_new.first_of_two")).toBe("Something new: first of two");
  for (const id of ["a.b_c", "anomaly.robust_z", "lagged_association", "hrv_sdnn.mean_asleep"])
    expect(methodName(id), id).not.toMatch(/[_.]/);
});
