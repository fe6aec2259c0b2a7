/** The rows of the strip: what was measured when, in the hours of one local day. */
import type { Schemas } from "../../api/client";
import type { Night, Series, Summary } from "../../api/read";
import { type Row, STAGES, type StageRow } from "../../charts/rows";
import { unitOf } from "../../parts/format";
import type { Bucket } from "../../parts/lens.svelte";
import { at, offsetMinutes } from "../../parts/time";
import { named, t } from "../../words/words";

const MINUTE = 60_000;

interface Measured {
  date: string;
  totals: Summary[];
  slept: Night[];
  stages: Series | undefined;
  heart: Series | undefined;
  steps: Series | undefined;
  light: Series | undefined;
  trained: Schemas["WorkoutRow"][];
}

export interface Strip {
  from: number;
  to: number;
  zone: string;
  rows: Row[];
}

/** Stages of one source; of the one that made the night, where several watched. */
export function stagesOf(series: Series | undefined, source: string | undefined): StageRow["segments"] {
  const columns = series?.columns;
  if (!columns) return [];
  const wanted = source === undefined ? -1 : series.sources.indexOf(source);
  return columns.start.flatMap((start, index) => {
    const stage = STAGES[columns.value?.[index] ?? -1];
    if (!stage || (wanted >= 0 && columns.source?.[index] !== wanted)) return [];
    return [{ from: at(start), to: at(columns.end[index] ?? start), stage }];
  });
}

export function lineOf(
  series: Series | undefined,
  label: string,
  colour: string,
  height: number,
  gap: number,
): Row[] {
  const columns = series?.columns;
  if (!series || !columns || columns.start.length === 0) return [];
  const points = columns.start.flatMap((start, index) => {
    const value = columns.mean?.[index] ?? columns.value?.[index];
    if (value === null || value === undefined) return [];
    const over = { from: at(start), to: at(columns.end[index] ?? start) };
    const middle = (over.from + over.to) / 2;
    const [low, high] = [columns.min?.[index], columns.max?.[index]];
    return [{ at: middle, value, low, high, over, ...behindOf(series, index) }];
  });
  const unit = unitOf(series.metric, series.unit);
  const bucket = bucketOf(series);
  return [{ kind: "line", label, height, unit, points, gap, colour, metric: series.metric, bucket }];
}

/** How the values of a series were put together; samples as they were measured were not. */
function bucketOf({ resolution }: Series): Bucket | undefined {
  return resolution === "raw" ? undefined : { resolution };
}

/** How much of a bucket was measured, and by whom where that is one source. */
function behindOf(
  series: Series,
  index: number,
): { coverage: number | undefined; source: string | undefined } {
  const place = series.columns?.source?.[index];
  const only = series.sources.length === 1 ? series.sources[0] : undefined;
  return {
    coverage: series.columns?.coverage?.[index],
    source: place === undefined ? only : series.sources[place],
  };
}

export function rowsOf(all: Measured): Strip {
  const series = all.heart ?? all.steps;
  const from = series ? at(series.start) : Date.parse(`${all.date}T00:00:00Z`);
  const to = series ? at(series.end) : from + 24 * 60 * MINUTE;
  const zone = all.totals.find((day) => day.date === all.date)?.zone ?? fixed(series?.start);
  const inside = (one: { from: number; to: number }): boolean => one.to > from && one.from < to;
  const night = all.slept.find((one) => one.date === all.date);
  const segments = stagesOf(all.stages, night?.main?.source).filter(inside);
  const rows: Row[] = [];
  if (segments.length > 0)
    rows.push({
      kind: "stages",
      label: t.today.sleep,
      height: 30,
      segments,
      source: night?.main?.source,
      stepped: false,
    });
  rows.push(...lineOf(all.heart, t.today.heart, "var(--s2)", 110, 20 * MINUTE));
  const steps = all.steps?.columns;
  if (all.steps && steps && steps.start.length > 0) {
    const bars = steps.start.map((start, index) => ({
      from: at(start),
      to: at(steps.end[index] ?? start),
      value: steps.value?.[index] ?? 0,
      ...(all.steps && behindOf(all.steps, index)),
    }));
    rows.push({
      kind: "bars",
      label: t.today.steps,
      height: 56,
      unit: all.steps.unit,
      bars,
      per: t.today.perBucket,
      colour: "var(--s1)",
      metric: all.steps.metric,
      bucket: bucketOf(all.steps),
    });
  }
  if (all.trained.length > 0) {
    const spans = all.trained.map((one) => ({
      from: at(one.start),
      to: at(one.end),
      label: named(one.activity),
      source: one.source,
    }));
    rows.push({ kind: "spans", label: t.today.workouts, height: 18, spans, colour: "var(--s3)" });
  }
  rows.push(...lineOf(all.light, named("ambient_light"), "var(--awake)", 44, 20 * MINUTE));
  return { from, to, zone, rows };
}

/** A zone of the offset of an instant, where the day has no document that names one. */
function fixed(instant: string | undefined): string {
  const minutes = instant ? offsetMinutes(instant) : 0;
  return minutes % 60 === 0 ? `Etc/GMT${minutes > 0 ? "-" : "+"}${Math.abs(minutes / 60)}` : "UTC";
}
