import { expect, test } from "vitest";
import { zoneName, zonesToChoose } from "./zones";

test("zones have the names of now, each once", () => {
  const all = zonesToChoose();
  expect(all).toContain("Asia/Kolkata");
  expect(all).toContain("Europe/Kyiv");
  expect(all).not.toContain("Asia/Calcutta");
  expect(new Set(all).size).toBe(all.length);
  expect(zoneName("Europe/Berlin")).toBe("Europe/Berlin");
});
