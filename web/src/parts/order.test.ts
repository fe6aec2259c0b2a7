import { expect, test } from "vitest";
import { distinct, moved, placesOf, same } from "./order";

test("a name moves and the others keep their order", () => {
  expect(moved(["a", "b", "c"], "c", 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b", "c"], "a", 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b"], "a", 0)).toEqual(["a", "b"]);
  expect(same(["a", "b"], ["b", "a"])).toBe(false);
  expect(same(["a"], ["a", "b"])).toBe(false);
});

test("an order of names is places, also where two devices share a name", () => {
  const present = ["Watch", "Phone", "Watch", "Ring"];
  expect(distinct(present)).toEqual(["Watch", "Phone", "Ring"]);
  expect(placesOf(["Phone", "Watch"], present)).toBe("2,1,3");
});
