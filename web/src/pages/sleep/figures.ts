/** What a night is described by, with the definition of each figure. */
import type { Night, Series } from "../../api/read";
import { STAGES } from "../../charts/rows";
import { timeOf } from "../../parts/format";
import type { Traced } from "../../parts/lens.svelte";
import { at, clockMinutes } from "../../parts/time";
import { t } from "../../words/words";

/** The page of the rules by which stages become a night. */
export const NIGHT_PAGE = "daily/sleep";

export interface NightFigure {
  id: keyof typeof t.sleep.definitions | keyof typeof t.stages;
  figure: Traced;
  /** The same figure of another night. */
  of: (night: Night) => number | null;
  /** Whether nights are compared by it. */
  compared: boolean;
}

/** `bedBy`: the sources that recorded time in bed, which need not be that of the stages. */
export function figuresOf(night: Night, bedBy: string[] = []): NightFigure[] {
  const share = (value: number | null | undefined): number | null =>
    value === null || value === undefined ? null : value * 100;
  const one = (
    id: keyof typeof t.sleep.definitions,
    label: string,
    unit: string,
    of: (night: Night) => number | null | undefined,
    reason?: string | null,
  ): NightFigure => ({
    id,
    of: (other) => of(other) ?? null,
    compared: true,
    figure: {
      label,
      value: of(night) ?? null,
      unit,
      reason,
      start: night.main?.in_bed_start ?? night.main?.onset,
      end: night.main?.in_bed_end ?? night.main?.offset,
      definition: t.sleep.definitions[id],
      metric: "sleep_analysis",
      source: night.main?.source,
      method: t.sleep.method(night.version),
      page: NIGHT_PAGE,
    },
  });
  const bed = night.main?.in_bed_reason;
  /** A figure with time in bed in it, and who recorded that. */
  const inBed = (found: NightFigure): NightFigure => {
    const { figure } = found;
    if (figure.value === null || bedBy.length === 0) return found;
    const only = bedBy.every((source) => source === figure.source);
    return {
      ...found,
      figure: {
        ...figure,
        definition: `${figure.definition} ${t.sleep.bedBy(bedBy.join(", "))}`,
        source: only ? figure.source : undefined,
      },
    };
  };
  const stage = (id: "rem" | "core" | "deep"): NightFigure => ({
    ...one("stage", t.stages[id], "min", (other) => other.main?.stages_min[id]),
    id,
  });
  const midpoint = one("midpoint", t.sleep.midpoint, "min", (other) =>
    other.main ? ((clockMinutes(other.main.midpoint) + 720) % 1440) - 720 : null,
  );
  if (night.main) midpoint.figure.text = timeOf(night.main.midpoint);
  return [
    one("asleep", t.sleep.asleep, "min", (other) => other.main?.asleep_min),
    stage("deep"),
    stage("rem"),
    stage("core"),
    inBed(one("in_bed", t.sleep.inBed, "min", (other) => other.main?.in_bed_min, bed)),
    inBed(one("efficiency", t.sleep.efficiency, "%", (other) => share(other.main?.efficiency), bed)),
    inBed(one("latency", t.sleep.latency, "min", (other) => other.main?.latency_min, bed)),
    one("waso", t.sleep.waso, "min", (other) => other.main?.waso_min),
    one("awakenings", t.sleep.awakenings, "1", (other) => other.main?.awakenings),
    { ...midpoint, compared: false },
  ];
}

/** Minutes by stage as one source recorded them; `asleep` is all sleep, staged or not, and null is not recorded. */
export interface Watched {
  source: string;
  asleep: number | null;
  deep: number | null;
  rem: number | null;
  core: number | null;
  awake: number | null;
  in_bed: number | null;
}

/** Minutes by source between two times, as each recorded them itself. */
export function sourcesOf(series: Series | undefined, from: number, to: number): Watched[] {
  const columns = series?.columns;
  if (!series || !columns) return [];
  const found = series.sources.map((source): Watched => {
    return { source, asleep: null, deep: null, rem: null, core: null, awake: null, in_bed: null };
  });
  columns.start.forEach((start, index) => {
    const stage = STAGES[columns.value?.[index] ?? -1];
    const watched = found[columns.source?.[index] ?? -1];
    if (!stage || !watched) return;
    const minutes =
      Math.max(0, Math.min(at(columns.end[index] ?? start), to) - Math.max(at(start), from)) / 60_000;
    if (stage !== "awake" && stage !== "in_bed" && minutes > 0)
      watched.asleep = (watched.asleep ?? 0) + minutes;
    if (stage !== "asleep" && minutes > 0) watched[stage] = (watched[stage] ?? 0) + minutes;
  });
  return found.filter((one) => (one.asleep ?? 0) > 0 || (one.in_bed ?? 0) > 0);
}
