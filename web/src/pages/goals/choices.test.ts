import { afterEach, expect, test } from "vitest";
import { readAs } from "../../parts/format";
import { asTyped, CHOICES, choiceOf, fromTyped, shownValue, typedUnit } from "./choices";

afterEach(() => readAs("metric", "en-GB"));

test.each(["metric", "imperial"] as const)("what is typed is what is read again (%s)", (units) => {
  readAs(units, "en-GB");
  for (const choice of CHOICES) {
    for (const value of [0, 90, 1290]) {
      const again = fromTyped(asTyped(value, choice), choice);
      // As precise as it is typed: hundredths of a mile are 16 metres.
      expect(again).not.toBeNull();
      expect(Math.abs((again ?? 0) - value)).toBeLessThan(choice.metric === "distance" ? 9 : 0.4);
    }
    expect(fromTyped(" ", choice)).toBeNull();
  }
});

test("pounds are stored as kilograms and hours as minutes", () => {
  readAs("imperial", "en-GB");
  const mass = choiceOf("body_mass");
  if (!mass) throw new Error("no such choice");
  expect(typedUnit(mass)).toBe("lb");
  expect(fromTyped("176.37", mass)).toBeCloseTo(80, 2);
  const sleep = choiceOf("sleep_duration");
  if (!sleep) throw new Error("no such choice");
  expect(fromTyped("7.5", sleep)).toBe(450);
  expect(asTyped(450, sleep)).toBe("7.5");
});

test("values read as people say them", () => {
  readAs("metric", "en-GB");
  expect(shownValue(1350, { metric: "bedtime", unit: "min" })).toBe("22:30");
  expect(shownValue(10_000, { metric: "steps", unit: "1" })).toBe("10,000");
  expect(shownValue(450, { metric: "sleep_duration", unit: "min" })).toBe("7 h 30 min");
  expect(shownValue(3, { metric: null, unit: "books" })).toBe("3 books");
});
