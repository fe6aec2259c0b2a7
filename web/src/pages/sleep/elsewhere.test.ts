import { expect, test } from "vitest";
import { differences } from "./elsewhere";

const days = {
  start: "2026-05-01",
  end: "2026-05-09",
  stale: [],
  metrics: {
    steady: { kind: "discrete", unit: "1", value: [5, 6, 5, 6, 5, 6, 5, 6] },
    different: { kind: "discrete", unit: "1", value: [1, 2, 1, 2, null, 9, 8, 10] },
    rare: { kind: "discrete", unit: "1", value: [1, null, null, null, null, null, null, 9] },
  },
} as unknown as Parameters<typeof differences>[0];
const nights = ["01", "02", "03", "04", "05", "06", "07", "08"].map((day) => `2026-05-${day}`);

test("what differs most comes first, and what was hardly measured says nothing", () => {
  const found = differences(days, ["2026-05-05", "2026-05-08"], nights);
  expect(found.map((one) => one.metric)).toEqual(["different", "steady"]);
  expect(found[0]).toMatchObject({ here: 9, there: 1.5, hereDays: 3, thereDays: 4 });
  // Days without a night are no days beside the nights.
  expect(differences(days, ["2026-05-05", "2026-05-08"], nights.slice(0, 5))).toEqual([]);
});
