import { expect, test } from "vitest";
import type { Series } from "../../api/read";
import { byDay, follows, settled, totalOf } from "./trial";

test("the parts of the sources that count add up to the day", () => {
  const series = {
    sources: ["Watch", "Phone"],
    columns: {
      date: ["2026-05-04", "2026-05-04", "2026-05-05"],
      source: [0, 1, 1],
      value: [100, 120, 50],
      counted: [80, 120, 50],
      samples: [3, 4, 1],
    },
  } as unknown as Series;
  const days = byDay(series);
  expect([...days.keys()]).toEqual(["2026-05-04", "2026-05-05"]);
  expect(totalOf(days.get("2026-05-04") ?? [])).toBe(200);
  expect(days.get("2026-05-05")).toEqual([{ source: "Phone", value: 50, unmerged: 50, samples: 1 }]);
});

test("numbers of another order than the one that is wanted are not taken for its own", () => {
  const wanted = { metric: "step_count", order: ["Watch", "Phone"] };
  expect(follows(undefined, undefined, "step_count")).toBe("nothing wanted");
  expect(follows(wanted, undefined, "distance_walking_running")).toBe("nothing wanted");
  expect(follows(wanted, undefined, "step_count")).toBe("not yet");
  expect(follows(wanted, { ...wanted, order: ["Phone", "Watch"] }, "step_count")).toBe("not yet");
  expect(follows(wanted, { ...wanted, metric: "flights_climbed" }, "step_count")).toBe("not yet");
  expect(follows(wanted, wanted, "step_count")).toBe("yes");
});

test("an answer counts only when the order that it was asked with still holds", async () => {
  const [before, after] = [
    ["Phone", "Watch"],
    ["Watch", "Phone"],
  ];
  const held = [before, after, after];
  const asked: string[][] = [];
  const answer = await settled(
    () => Promise.resolve(held.shift() ?? []),
    (present) => {
      asked.push(present);
      return Promise.resolve(present.join());
    },
  );
  expect(answer).toBe("Watch,Phone");
  expect(asked).toEqual([before, after]);
  let turn = 0;
  const restless = await settled(
    () => Promise.resolve([String(turn++)]),
    () => Promise.resolve("never"),
  );
  expect(restless).toBeUndefined();
});
