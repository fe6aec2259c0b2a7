import { expect, test } from "vitest";
import { sentence } from "./words";

test("what the API says reads as a sentence", () => {
  expect(sentence("only administrators see this")).toBe("Only administrators see this.");
  expect(sentence("Done.")).toBe("Done.");
  expect(sentence(" ")).toBe("");
});
