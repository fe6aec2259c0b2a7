import { expect, test } from "vitest";
import type { Cardio } from "../../api/read";
import { computed, stated } from "./lists";

const none = { value: null, unit: "ms", method: "m", version: 1 };

/** A night with a minute of beats and without a value of RMSSD of the device itself. */
function day(date: string): Cardio {
  const rest = new Proxy({} as Record<string, unknown>, { get: () => ({ ...none, reason: "no_samples" }) });
  const known: Record<string, unknown> = {
    date,
    hrv_rmssd_asleep: { ...none, reason: "no_samples_asleep" },
    beats_rmssd_asleep: { ...none, value: 40, method: "hrv_rmssd.beats_asleep_spot" },
  };
  return new Proxy(known, { get: (one, key) => one[key as string] ?? rest[key as string] }) as Cardio;
}

test("what beats say is shown, and what no device states is said to be that", () => {
  const found = computed([day("2026-05-04")], "2026-05-04", "2026-05-05", 0);
  const of = (id: string) => found.find((one) => one.id === id);
  expect(of("beats_rmssd_asleep")?.why).toBeUndefined();
  expect(of("beats_rmssd_asleep")?.days[0]?.value).toBe(40);
  expect(of("beats_rmssd_asleep")?.trace("2026-05-04")?.method).toBe("hrv_rmssd.beats_asleep_spot");
  expect(of("hrv_rmssd_asleep")?.why).toMatch(/no device reported it/);
  expect(of("heart_rate_recovery")?.why).not.toMatch(/this day/);
});

test("days that only say what was usual do not make a chart", () => {
  const found = computed([day("2026-05-04")], "2026-05-04", "2026-05-06", 1);
  expect(found.find((one) => one.id === "beats_rmssd_asleep")?.why).toBeDefined();
});

test("what devices state has its unit and its reason", () => {
  const columns = {
    start: "2026-05-04",
    end: "2026-05-05",
    stale: [],
    metrics: { walking_heart_rate_average: { unit: "/min", value: [98], coverage: [0.1] } },
  } as unknown as Parameters<typeof stated>[0];
  const found = stated(columns, 0);
  expect(found[0]).toMatchObject({ unit: "/min{beats}", why: undefined });
  expect(found.find((one) => one.id === "vo2_max")?.why).toBeDefined();
});
