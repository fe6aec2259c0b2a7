import { expect, test } from "vitest";
import { linkOf, shownBy } from "./link";

test("a link says metrics and range, and comes back", () => {
  const shown = { metrics: ["heart_rate", "step_count"], range: "month" } as const;
  const link = linkOf({ ...shown, metrics: [...shown.metrics] });
  expect(link).toBe("/explore#show=heart_rate+step_count&range=month");
  expect(shownBy(link.slice("/explore".length))).toEqual(shown);
});

test("what is no such link asks for nothing", () => {
  for (const hash of ["", "#main", "#show=&range=month", "#show=a&range=century", "#show=<b>&range=week"])
    expect(shownBy(hash), hash).toBeUndefined();
});
