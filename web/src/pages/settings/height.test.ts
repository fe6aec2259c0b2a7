import { expect, test } from "vitest";
import { centimetresOf, feetOf } from "./height";

test("feet and inches are centimetres and back", () => {
  expect(feetOf(180.3)).toEqual({ feet: 5, inches: 11 });
  expect(centimetresOf(5, 11)).toBe(180.3);
  // Never five feet and twelve inches.
  expect(feetOf(182.8)).toEqual({ feet: 6, inches: 0 });
  for (let half = 0; half < 24; half++) {
    const { feet, inches } = feetOf(centimetresOf(5, half / 2));
    expect(feet * 12 + inches).toBe(60 + half / 2);
  }
});
