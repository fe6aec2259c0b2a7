import { expect, test } from "vitest";
import type { Series } from "../api/read";
import { partsOf } from "./parts";

const series = (columns: object): Series =>
  ({ sources: ["Watch", "Phone"], columns: { start: [], end: [], ...columns } }) as unknown as Series;

test("what adds up is shared by what counts, what does not by samples", () => {
  const steps = series({ source: [0, 1, 0], value: [30, 50, 10], counted: [30, 20, 10], samples: [3, 5, 1] });
  expect(partsOf(steps)).toEqual([
    { source: "Watch", value: 40, own: 40, n: 4, share: 40 / 60 },
    { source: "Phone", value: 20, own: 50, n: 5, share: 20 / 60 },
  ]);
  const rates = series({ source: [0, 1, 0], mean: [60, 80, 70], n: [1, 2, 1] });
  expect(partsOf(rates)).toEqual([
    { source: "Watch", value: 65, own: undefined, n: 2, share: 0.5 },
    { source: "Phone", value: 80, own: undefined, n: 2, share: 0.5 },
  ]);
  const stages = series({ source: [1], code: [3], n: [4], minutes: [40] });
  expect(partsOf(stages)).toEqual([{ source: "Phone", value: 40, own: undefined, n: 4, share: 1 }]);
  expect(partsOf(series({}))).toEqual([]);
});
