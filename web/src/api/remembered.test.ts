import { expect, test } from "vitest";
import { Remembered } from "./remembered";

test("the last answer of an address is there until it is forgotten", async () => {
  const all = new Remembered(100, 50);
  expect(all.find("/a")).toBeUndefined();
  all.keep("/a", "one", "application/json");
  all.keep("/a", "two", "application/json");
  const answer = all.find("/a");
  expect(await answer?.text()).toBe("two");
  expect(answer?.headers.get("content-type")).toBe("application/json");
  // It can be asked for more than once.
  expect(await all.find("/a")?.text()).toBe("two");
  all.forget();
  expect(all.find("/a")).toBeUndefined();
});

test("it is bounded: the oldest goes, and what is too large is not kept, nor what it replaces", () => {
  const all = new Remembered(100, 50);
  all.keep("/a", "x".repeat(40), "");
  all.keep("/b", "x".repeat(40), "");
  all.keep("/c", "x".repeat(40), "");
  expect([all.find("/a"), all.find("/b") && 1, all.find("/c") && 1]).toEqual([undefined, 1, 1]);
  all.keep("/b", "x".repeat(60), "");
  expect(all.find("/b")).toBeUndefined();
  all.keep("/d", "x".repeat(50), "");
  expect([all.find("/c") && 1, all.find("/d") && 1]).toEqual([1, 1]);
});
