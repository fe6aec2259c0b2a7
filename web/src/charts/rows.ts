/** Rows of one time axis: what the strip of a day, a night and a workout are made of. */
import type { Bucket } from "../parts/lens.svelte";

export type Stage = "awake" | "rem" | "core" | "deep" | "asleep" | "in_bed";

/** The stages of `sleep_analysis` by code. */
export const STAGES: Record<number, Stage> = {
  0: "in_bed",
  1: "asleep",
  2: "awake",
  3: "core",
  4: "deep",
  5: "rem",
};

export interface Segment {
  from: number;
  to: number;
}

interface Common {
  label: string;
  height: number;
}

export interface StageRow extends Common {
  kind: "stages";
  segments: (Segment & { stage: Stage })[];
  /** Who recorded them. */
  source?: string | undefined;
  /** Steps by depth, or one band. */
  stepped: boolean;
}

export interface LineRow extends Common {
  kind: "line";
  unit: string;
  points: {
    at: number;
    value: number;
    low?: number | undefined;
    high?: number | undefined;
    /** What it is the value of; the instant alone when left out. */
    over?: Segment;
    /** Nothing is known between the point before and this one, however near it is. */
    isAfterGap?: boolean;
    /** Share of what it is the value of that was measured. */
    coverage?: number | undefined;
    source?: string | undefined;
  }[];
  /** Longer without a value is a gap. */
  gap: number;
  colour: string;
  /** The metric whose samples are behind it. */
  metric?: string;
  /** How they were put together, where the sources in it can be asked for. */
  bucket?: Bucket | undefined;
}

export interface BarRow extends Common {
  kind: "bars";
  unit: string;
  bars: (Segment & { value: number; coverage?: number | undefined; source?: string | undefined })[];
  /** The time that each is the total of, in words. */
  per?: string;
  colour: string;
  /** The metric whose samples are behind it. */
  metric?: string;
  /** How they were put together, where the sources in it can be asked for. */
  bucket?: Bucket | undefined;
}

export interface SpanRow extends Common {
  kind: "spans";
  spans: (Segment & { label: string; value?: number; unit?: string; dropped?: boolean; source?: string })[];
  colour: string;
}

/** What one source measured, and what of it counts: the rest another source covers. */
export interface ShareRow extends Common {
  kind: "shares";
  unit: string;
  /** The largest value of all sources, so that their rows have one scale. */
  most: number;
  bars: (Segment & { value: number; counted: number })[];
  colour: string;
  /** The metric whose samples are behind it. */
  metric?: string;
}

export type Row = StageRow | LineRow | BarRow | SpanRow | ShareRow;

/** The segment at a time. */
export function under<T extends Segment>(segments: T[], time: number): T | undefined {
  return segments.findLast((one) => one.from <= time && time < one.to);
}

/** The point nearest to a time, unless it is further away than a gap. */
export function nearest(row: LineRow, time: number): LineRow["points"][number] | undefined {
  const { points } = row;
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.at ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [points[low - 1], points[low]];
  const distance = (point: typeof before): number =>
    point ? Math.abs(point.at - time) : Number.POSITIVE_INFINITY;
  const best = distance(before) < distance(after) ? before : after;
  return best && distance(best) <= row.gap / 2 ? best : undefined;
}

/** The points cut where more than a gap lies between two of them. */
export function stretches(row: LineRow): LineRow["points"][] {
  const found: LineRow["points"][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const point of row.points) {
    if (point.at - last > row.gap || point.isAfterGap) found.push([]);
    found.at(-1)?.push(point);
    last = point.at;
  }
  return found;
}

/** Steps of a time axis in minutes. */
const STEPS_MIN = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720];
/** Offsets are whole quarters of an hour, so this grid meets every round time of any clock. */
const GRID_MS = 300_000;

/** Round times of the clock of a zone between two times, a step apart that fits: five minutes, an hour, half a day. */
export function hours(from: number, to: number, zone: string, most: number): { at: number; hour: number }[] {
  const length = (to - from) / 60_000;
  const step = STEPS_MIN.find((one) => length / one <= most) ?? 1440;
  const print = clockOf(zone);
  const found: { at: number; hour: number }[] = [];
  for (let at = Math.ceil(from / GRID_MS) * GRID_MS; at <= to; at += GRID_MS) {
    const minutes = print(at);
    if (minutes % step === 0) found.push({ at, hour: minutes / 60 });
  }
  return found;
}

/** Minutes after midnight on the clock of a zone; UTC for a zone that this browser does not know. */
export function clockOf(zone: string): (at: number) => number {
  let format: Intl.DateTimeFormat;
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  try {
    format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
  } catch {
    format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  }
  return (at) => {
    const [hour = "0", minute = "0"] = format.format(at).split(":");
    return Number(hour) * 60 + Number(minute);
  };
}
