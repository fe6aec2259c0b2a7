import { expect, test } from "vitest";
import { en } from "../words/en";
import { causesOf } from "./causes";

const said = (row: Parameters<typeof causesOf>[0]): string[] => causesOf(row, en.activity);

test("each cause is said with what it is about, and both where there are two", () => {
  const order = { cause: "source_order", about: "Robin’s Phone", samples: null } as const;
  const late = { cause: "late_sample", about: null, samples: 3 } as const;
  expect(said({ ...order, second: null })).toEqual([
    "where devices overlap, the phone counts another one first (Robin’s Phone)",
  ]);
  expect(said({ ...late, second: order })).toEqual([
    "measurements came after the phone had made its number (3 measurements)",
    "where devices overlap, the phone counts another one first (Robin’s Phone)",
  ]);
  expect(said({ cause: "coverage", about: null, samples: null, second: null })).toEqual([
    "hours that the phone counted did not come here",
  ]);
  expect(said({ cause: null, about: null, samples: null, second: null })).toEqual([]);
});
