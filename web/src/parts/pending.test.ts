import { expect, test } from "vitest";
import { pendingOf } from "./pending";

const row = (start: string, end: string, since?: string) => ({ start, end, since: since ?? null });

test("only days that are shown count, and the first of them says since when", () => {
  const pending = [
    row("2026-03-01", "2026-03-05", "2026-03-08T12:03:00Z"),
    row("2026-03-05", "2026-03-06", "2026-03-08T11:00:00Z"),
    row("2026-03-06", "2026-03-07"),
  ];
  expect(pendingOf(pending, "2026-03-03", "2026-03-05")).toEqual({
    days: 2,
    shown: 2,
    since: "2026-03-08T12:03:00Z",
  });
  expect(pendingOf(pending, "2026-03-03", "2026-03-31")).toEqual({
    days: 4,
    shown: 28,
    since: "2026-03-08T11:00:00Z",
  });
  expect(pendingOf(pending, "2026-03-06", "2026-03-07")).toEqual({ days: 1, shown: 1, since: undefined });
  expect(pendingOf(pending, "2026-03-07", "2026-03-08").days).toBe(0);
});
