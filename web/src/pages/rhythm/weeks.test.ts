import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { weeksOf } from "./weeks";

test("the newest week comes first, and a thin one says why it has no value", () => {
  const weeks = [
    { status: "insufficient", week_start: "2026-03-02", reason: "too_few_valid_days" },
    {
      status: "completed",
      week_start: "2026-03-09",
      proxy: true,
      coverage: 0.9,
      model: { name: "PAT-S" },
      similarity: { value: 0.97, novel: true, earlier_weeks: 5 },
    },
  ] as unknown as Schemas["StoredWeek"][];
  const found = weeksOf(weeks);
  expect(found.map((week) => week.start)).toEqual(["2026-03-09", "2026-03-02"]);
  expect(found[0]).toMatchObject({ value: 0.97, isNovel: true, isProxy: true, earlier: 5, model: "PAT-S" });
  expect(found[1]).toMatchObject({ value: null, reason: "too_few_valid_days", coverage: undefined });
});
