/** The measures that a day is read by, each with the days before it. */
import type { Cardio, Measure, Night, Summary } from "../../api/read";
import { type Traced, traced } from "../../parts/lens.svelte";
import { daysOf, plusDays } from "../../parts/time";
import { NIGHT_PAGE } from "../sleep/figures";
import { t } from "../../words/words";

export interface Card {
  id: string;
  figure: Traced;
  /** The values of the 28 days before and of the day. */
  history: (number | null)[];
  /** A total, which grows until the day is over. */
  grows: boolean;
}

interface Days {
  date: string;
  totals: Summary[];
  slept: Night[];
  hearts: Cardio[];
}

/** Measures of movement with the metric behind them. */
const MOVEMENT = [
  ["steps", "step_count"],
  ["active_energy", "active_energy_burned"],
  ["distance", "distance_walking_running"],
] as const;

const HEART = [
  ["resting_heart_rate", "heart_rate"],
  ["hrv_sdnn_asleep", "heart_rate_variability_sdnn"],
  ["respiratory_rate_asleep", "respiratory_rate"],
  ["oxygen_saturation_mean", "oxygen_saturation"],
] as const;

export function cards(all: Days): Card[] {
  const dates = daysOf(plusDays(all.date, -28), plusDays(all.date, 1));
  const totals = new Map(all.totals.map((day) => [day.date, day]));
  const hearts = new Map(all.hearts.map((day) => [day.date, day]));
  const card = (id: string, metric: string, of: (date: string) => Measure | undefined): Card => {
    const measure = of(all.date);
    const summary = totals.get(all.date)?.metrics[metric];
    const sources = summary?.kind === "cumulative" ? summary.by_source : undefined;
    const figure: Traced = measure
      ? {
          ...traced(id, measure, metric),
          sources,
          stated: totals.get(all.date)?.reconciliation?.find((row) => row.metric === metric),
        }
      : { label: t.measures[id] ?? id, value: null, unit: "1", reason: "no_samples" };
    const history = dates.map((date) => of(date)?.value ?? null);
    return { id, figure, history, grows: summary?.kind === "cumulative" };
  };
  return [
    asleep(all, dates),
    ...MOVEMENT.map(([id, metric]) => card(id, metric, (date) => totals.get(date)?.activity?.[id])),
    ...HEART.map(([id, metric]) => card(id, metric, (date) => hearts.get(date)?.[id])),
  ];
}

function asleep(all: Days, dates: string[]): Card {
  const slept = new Map(all.slept.map((night) => [night.date, night.main ?? undefined]));
  const night = slept.get(all.date);
  return {
    id: "asleep",
    figure: {
      label: t.measures["asleep"] ?? "",
      value: night?.asleep_min ?? null,
      unit: "min",
      reason: "no_main_sleep",
      start: night?.onset,
      end: night?.offset,
      definition: t.sleep.definitions.asleep,
      source: night?.source,
      method: night
        ? t.sleep.method(all.slept.find((one) => one.date === all.date)?.version ?? 0)
        : undefined,
      page: night ? NIGHT_PAGE : undefined,
      metric: night ? "sleep_analysis" : undefined,
    },
    history: dates.map((date) => slept.get(date)?.asleep_min ?? null),
    grows: false,
  };
}
