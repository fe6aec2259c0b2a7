import { expect, test } from "vitest";
import { languages } from "./languages";

test("languages have their own names, and the one that is set is always offered", () => {
  const offered = languages(null);
  expect(offered.find((one) => one.tag === "de")?.name).toBe("Deutsch");
  expect(offered.find((one) => one.tag === "en-GB")?.name).toContain("English");
  expect(languages("en-GB").length).toBe(offered.length);
  expect(languages("fi")[0]).toEqual({ tag: "fi", name: "Suomi" });
  expect(languages("no language")[0]).toEqual({ tag: "no language", name: "no language" });
});
