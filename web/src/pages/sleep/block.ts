/** What some nights were like together. */
import type { Night } from "../../api/read";
import { clockMinutes } from "../../parts/time";

export interface Block {
  /** Mean minutes asleep. */
  asleep: number;
  /** Mean midpoint, minutes from midnight. */
  midpoint: number;
  /** Mean distance of a midpoint from the mean one, minutes. */
  spread: number;
}

/** A clock time as minutes from the midnight that is nearer: the evening is negative. */
export function aroundMidnight(minutes: number): number {
  return ((minutes + 720) % 1440) - 720;
}

/** The means of nights that have a main sleep; nothing without one. */
export function blockOf(nights: Night[]): Block | undefined {
  const mains = nights.flatMap((night) => night.main ?? []);
  if (mains.length === 0) return undefined;
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const middles = mains.map((main) => aroundMidnight(clockMinutes(main.midpoint)));
  const midpoint = mean(middles);
  return {
    asleep: mean(mains.map((main) => main.asleep_min)),
    midpoint,
    spread: mean(middles.map((middle) => Math.abs(middle - midpoint))),
  };
}
