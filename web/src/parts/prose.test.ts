import { expect, test } from "vitest";
import { pieces } from "./prose";

const numbers = (text: string): string[] =>
  pieces(text)
    .filter((one) => one.number !== undefined)
    .map((one) => one.text);

test("a sentence is cut around its numbers, and nothing is lost", () => {
  for (const text of [
    "You slept 7 h 12 min, from 23:10 to 06:40.",
    "You took 4,320 steps.",
    "Your heart beat 54.5 times a minute, −3 % less than usual (52–58).",
    "Nothing to count.",
    "",
  ])
    expect(
      pieces(text)
        .map((one) => one.text)
        .join(""),
    ).toBe(text);
  expect(numbers("You slept 7 h 12 min, from 23:10 to 06:40.")).toEqual(["7 h 12 min", "23:10", "06:40"]);
  expect(numbers("You took 4,320 steps.")).toEqual(["4,320 steps"]);
  expect(numbers("You weighed 71.2 kg.")).toEqual(["71.2 kg"]);
  expect(numbers("Nothing to count.")).toEqual([]);
});
