import { expect, test } from "vitest";
import { seamsOf } from "./day";

test("a seam lies where the method changes, and nowhere else", () => {
  const day = (value: number | null, made?: string) => ({ date: "2026-05-04", value, made });
  expect(seamsOf([day(1, "a 1"), day(2, "a 1"), day(3, "a 2"), day(4, "a 2")])).toEqual([2]);
  // A day without a value was made by nothing.
  expect(seamsOf([day(1, "a 1"), day(null, "a 2"), day(3, "a 1")])).toEqual([]);
  expect(seamsOf([day(1), day(2, "a 1"), day(3)])).toEqual([]);
  expect(seamsOf([])).toEqual([]);
});
