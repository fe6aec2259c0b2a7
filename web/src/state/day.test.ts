import { expect, test } from "vitest";
import { askedDay, dayIn, withDay } from "./day";

test("a day comes back from the address that it makes", () => {
  const address = withDay("/sleep", "2026-11-09");
  expect(address).toBe("/sleep?day=2026-11-09");
  expect(dayIn(address.slice("/sleep".length))).toBe("2026-11-09");
  expect(withDay("/", undefined)).toBe("/");
});

test("what is no date asks for no day", () => {
  for (const search of ["", "?day=", "?day=today", "?day=2026-02-30", "?day=2026-13-01", "?date=2026-11-09"])
    expect(dayIn(search), search).toBeUndefined();
});

test("a day that is still to come is not shown", () => {
  expect(askedDay("2026-11-30", "2026-11-30")).toBe("2026-11-30");
  expect(askedDay("2026-12-01", "2026-11-30")).toBeUndefined();
  expect(askedDay(undefined, "2026-11-30")).toBeUndefined();
});
