/** Reads a metric over a range at the resolution that fits, as numbers for drawing. */
import { client, data, type Schemas } from "../../api/client";
import type { Traced } from "../../parts/lens.svelte";
import { unitOf } from "../../parts/format";
import { daysOf, plusDays, startOfDay, today } from "../../parts/time";
import { type Columns, columnsOf } from "./columns";

export type Mine = Schemas["MetricOfMine"];
export const RANGES = { day: 1, week: 7, month: 30, quarter: 91, year: 365, all: 1826 } as const;
export type Range = keyof typeof RANGES;

/** How finely one looks: as it fits, or as chosen. */
export type Fineness = "auto" | Exclude<Schemas["Resolution"], "1w">;

export interface Found extends Columns {
  metric: Mine;
  /** The one source that is shown, where sources are shown one by one. */
  source?: string;
  /** As the resolution is printed: raw, 5m, 1h, 1d. */
  resolution: Schemas["Resolution"];
  unit: string;
  /** Whether values are of whole days. */
  isDaily?: boolean;
}

/** Longer between two samples is a gap of the line. */
export const GAP_S = {
  raw: 1800,
  "1m": 300,
  "5m": 1500,
  "1h": 3 * 3600,
  "1d": 36 * 3600,
  "1w": 10 * 86_400,
} as const;

/** What each value of a resolution is about, in seconds. */
export const LENGTH_S = {
  raw: 60,
  "1m": 60,
  "5m": 300,
  "1h": 3600,
  "1d": 86_400,
  "1w": 604_800,
} as const;

/** What a value is about: a local day, or the stretch that begins with it. */
export function spanOf(found: Found, seconds: number, zone: string): { start: string; end: string } {
  if (found.isDaily) {
    const day = today(zone, new Date(seconds * 1000));
    return { start: day, end: plusDays(day, 1) };
  }
  const end = seconds + LENGTH_S[found.resolution];
  return { start: new Date(seconds * 1000).toISOString(), end: new Date(end * 1000).toISOString() };
}

/** The page that says how the samples of a stretch became one value. */
const PAGES = {
  cumulative: "daily/merge",
  discrete: "daily/discrete",
  time_weighted: "daily/discrete",
  equivalent_level: "daily/discrete",
  category: "daily/category",
} as const;

/** How a value of a series was made, for the lens; nothing of samples as they were measured. */
export function madeOf(found: Found): Pick<Traced, "bucket" | "page"> {
  const { resolution, metric } = found;
  return resolution === "raw" ? {} : { bucket: { resolution }, page: PAGES[metric.kind] };
}

/** Samples that one answer may well hold. */
const RAW_MAX = 120_000;
/** What is read around a view makes it at most this many times as wide. */
const MARGIN = 3;
const DAY_MS = 86_400_000;

/** The finest resolution that makes few enough values for a screen. */
export function resolutionFor(days: number, metric: Mine): Schemas["Resolution"] {
  const lived = Math.max(1, (Date.parse(metric.last) - Date.parse(metric.first)) / DAY_MS + 1);
  const dense = (metric.samples / lived) * days * MARGIN;
  if (days <= 0.1) return "raw";
  if (days <= 1.5) return metric.kind === "cumulative" ? "5m" : dense <= RAW_MAX ? "raw" : "1m";
  if (days <= 8) return metric.samples > 100_000 ? "5m" : "1h";
  return days <= 45 ? "1h" : "1d";
}

/** The longest ranges that the API reads at once, in days. */
const DAYS_MAX: Record<Exclude<Fineness, "auto">, number> = {
  raw: 8,
  "1m": 8,
  "5m": 35,
  "1h": 400,
  "1d": 2010,
};

/** Whether a range can be read so finely. */
export function fits(fineness: Fineness, days: number): boolean {
  return fineness === "auto" || days <= DAYS_MAX[fineness];
}

/** What is read of a metric. */
export interface Asked {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  resolution: Schemas["Resolution"];
  /** Each source by itself. */
  apart: boolean;
}

/** Ranges that are read as day documents in columns, however long. */
const SERIES_DAYS_MAX = 400;
/** With sources apart there are no such columns. */
const APART_DAYS_MAX = 1200;
/** Answers that are kept, so that a way back reads nothing. */
const KEPT = 24;
const kept = new Map<string, Promise<Found[]>>();

/** Reads it, unless it was read already; `stamp` changes with the person and with the data. One series, or one for each
 *  source. */
export function read(metric: Mine, asked: Asked, zone: string, stamp: string): Promise<Found[]> {
  const key = `${stamp} ${metric.id} ${JSON.stringify(asked)} ${zone}`;
  const known = kept.get(key);
  if (known) return known;
  const found = fetched(metric, asked, zone);
  kept.set(key, found);
  found.catch(() => kept.delete(key));
  for (const old of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(old);
  return found;
}

async function fetched(metric: Mine, asked: Asked, zone: string): Promise<Found[]> {
  const { resolution } = asked;
  const isDaily = resolution === "1d";
  const { apart } = asked;
  const daysMax = apart ? APART_DAYS_MAX : SERIES_DAYS_MAX;
  const local = (at: number): string => today(zone, new Date(at));
  const start = isDaily ? local(asked.from) : new Date(asked.from).toISOString();
  const end = isDaily ? plusDays(local(asked.to), 1) : new Date(asked.to).toISOString();
  if (isDaily && (asked.to - asked.from) / DAY_MS > daysMax)
    return [await readDays(metric, start, end, zone)];
  const merge = apart && resolution !== "raw" ? { merge: "none" as const } : {};
  const query = { start, end, resolution, layout: "compact" as const, ...merge };
  const series = await data(
    client.GET("/api/v1/series/{metric}", { params: { path: { metric: metric.id }, query } }),
  );
  if (!apart || series.sources.length === 0) return [await drawnOf(metric, series)];
  return Promise.all(
    series.sources.map(async (source, index) => ({ ...(await drawnOf(metric, series, index)), source })),
  );
}

/** A series as it is drawn; of one of its sources, or of all. */
async function drawnOf(metric: Mine, series: Schemas["SeriesAnswer"], only?: number): Promise<Found> {
  const { resolution } = series;
  return {
    metric,
    resolution,
    ...(await columnsOf(series, GAP_S[resolution], only)),
    unit: metric.kind === "category" && resolution !== "raw" ? "min" : unitOf(metric.id, series.unit),
    isDaily: resolution === "1d",
  };
}

async function readDays(metric: Mine, start: string, end: string, zone: string): Promise<Found> {
  const days = await data(
    client.GET("/api/v1/days", { params: { query: { metrics: metric.id, start, end } } }),
  );
  const column = days.metrics[metric.id];
  // At noon there: however the clock changes in between, it stays within its day.
  const shift = Date.parse(`${days.start}T00:00:00Z`) - startOfDay(days.start, zone);
  const times = daysOf(days.start, days.end).map((date) => (Date.parse(`${date}T12:00:00Z`) - shift) / 1000);
  return {
    metric,
    resolution: "1d",
    isDaily: true,
    times,
    values: column?.value ?? [],
    low: column?.min?.length ? column.min : undefined,
    high: column?.max?.length ? column.max : undefined,
    unit: unitOf(metric.id, column?.unit ?? metric.unit),
  };
}
