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

test("numbers are found as other languages write them", () => {
  expect(numbers("Vous avez dormi 6 h 51 min (de 6 h 31 min à 9 h 14 min).")).toEqual([
    "6 h 51 min",
    "6 h 31 min",
    "9 h 14 min",
  ]);
  expect(numbers("Votre sommeil a commencé à 23 h 40 (de 23 h 00 à 00 h 20).")).toEqual([
    "23 h 40",
    "23 h 00",
    "00 h 20",
  ]);
  expect(numbers("Você adormeceu às 23h40.")).toEqual(["23h40"]);
  expect(numbers("Sie sind 8.412 Schritte gegangen.")).toEqual(["8.412"]);
  expect(numbers("Vous avez fait 8\u202f412 pas.")).toEqual(["8\u202f412"]);
  expect(numbers("你睡了6小时51分钟，平时为8小时。")).toEqual(["6小时51分钟", "8小时"]);
  expect(numbers("你走了8,412步。")).toEqual(["8,412步"]);
});
