/** The recordings of a cohort as a table. */
import { asPrinted } from "../../parts/format";
import type { Traced } from "../../parts/lens.svelte";
import { named, t } from "../../words/words";
import type { Item, Recording } from "./lab.svelte";

/** Measures that the table shows; the file has all of them. */
export const SHOWN = [
  "total_sleep_min",
  "sleep_efficiency",
  "sleep_midpoint",
  "sleep_regularity_index",
  "interdaily_stability",
  "intradaily_variability",
  "relative_amplitude",
];

export interface Line {
  key: string;
  name: string;
  item: Pick<Item, "sha256" | "file" | "how">;
  recording: Recording;
}

type Cell = string | number | null;

/** The columns of the table before the measures. */
export const FACTS = ["recording", "device", "start", "days", "coverage"] as const;

export function fact(line: Line, id: (typeof FACTS)[number]): Cell {
  const { recording } = line;
  if (id === "recording") return line.name;
  if (id === "device") return recording.device ?? recording.format;
  if (id === "start") return recording.start;
  if (id === "days") return (recording.epochs * recording.epoch_s) / 86_400;
  return recording.coverage;
}

export function valueOf(line: Line, id: string): Cell {
  const known = FACTS.find((one) => one === id);
  if (known) return fact(line, known);
  const value: unknown = line.recording.measures[id]?.value;
  return typeof value === "number" || typeof value === "string" ? value : null;
}

/** In the order of a column; what has no value comes last either way. */
export function sorted(lines: Line[], by: string, down: boolean): Line[] {
  return lines.toSorted((a, b) => {
    const [one, other] = [valueOf(a, by), valueOf(b, by)];
    if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
    const order =
      typeof one === "number" && typeof other === "number"
        ? one - other
        : String(one).localeCompare(String(other), undefined, { numeric: true });
    return down ? -order : order;
  });
}

export function matching(lines: Line[], search: string): Line[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return lines.filter((line) => {
    const { device, format, serial } = line.recording;
    const text = `${line.name} ${device ?? ""} ${format} ${serial ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** A value as people read it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") {
    // Times of day and instants to the minute; the files have the seconds.
    return toMinute(String(value)).replace("T", " ");
  }
  return asPrinted(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3);
}

const CLOCK = /^(?:(\d{4}-\d\d-\d\d)T)?(\d\d):(\d\d):(\d\d)$/;

/** A time of day or an instant to the nearest minute, as the printed page has it; anything else as it is. */
export function toMinute(text: string): string {
  const [, date, hours, minutes, seconds] = CLOCK.exec(text) ?? [];
  if (hours === undefined) return text;
  const rounded = Number(hours) * 60 + Number(minutes) + (Number(seconds) >= 30 ? 1 : 0);
  const instant = new Date(Date.parse(`${date ?? "2000-01-01"}T00:00:00Z`) + rounded * 60_000).toISOString();
  return date === undefined ? instant.slice(11, 16) : instant.slice(0, 16);
}

/** Shares that people read in percent; indices between 0 and 1 stay as they are published. */
const PERCENT = new Set([
  "activity_still_share",
  "coverage",
  "diary_sensitivity",
  "diary_specificity",
  "singular_daily_share",
  "singular_trend_share",
  "sleep_efficiency",
  "sleep_maintenance",
  "wear_share",
]);

/** The unit of a measure or column in words, nothing where it has none; `input` is that of the activity. */
export function unitOf(id: string, input: string): string {
  if (PERCENT.has(id)) return "%";
  if (/_min(_per_day)?$/.test(id)) return "min";
  if (id.endsWith("acrophase_h")) return "";
  if (id.endsWith("_h")) return "h";
  if (id.startsWith("light_m")) return "lux";
  return INPUT.has(id) ? input : "";
}

/** Measures and columns in the unit of the activity. */
const INPUT = new Set(["l5", "m10", "mean", "total", "activity_mean", "cosinor_mesor", "cosinor_amplitude"]);

/** The unit of the activity in words. */
export function activityUnit(unit: string): string {
  return unit === "{count}" ? t.lab.counts : unit.replaceAll(/[{}]/g, "");
}

/** A value of a measure or column as people read it, without its unit. */
export function shownAs(id: string, value: unknown): string {
  if (typeof value === "number" && PERCENT.has(id)) return asPrinted(100 * value, 1);
  if (typeof value === "number" && id.endsWith("acrophase_h")) {
    const minutes = Math.round(value * 60) % 1440;
    const two = (part: number): string => String(part).padStart(2, "0");
    return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  }
  if (typeof value === "string") {
    if (/^\d{4}-\d\d-\d\d$/.test(value)) {
      return `${weekdayName(value)} ${value}`;
    }
    if (id === "window_source" || id === "role") return t.lab.words[value] ?? value;
    if (id === "scorer") return named(value);
  }
  return shown(value);
}

function weekdayName(date: string): string {
  const noon = new Date(`${date}T12:00:00Z`);
  return new Intl.DateTimeFormat("en", { weekday: "short", timeZone: "UTC" }).format(noon);
}

/** A measure as the lens shows it. */
export function figureOf(line: Line, id: string): Traced {
  const { recording } = line;
  const measure = recording.measures[id];
  const value: unknown = measure?.value;
  return {
    label: named(id),
    value: typeof value === "number" ? value : null,
    unit: "1",
    text:
      value === null || value === undefined
        ? undefined
        : `${shownAs(id, value)} ${unitOf(id, activityUnit(recording.unit))}`.trim(),
    reason: measure?.reason,
    coverage: measure?.coverage,
    method: measure?.method ?? undefined,
    version: measure?.version ?? undefined,
    source: line.name,
  };
}

/** Everything as a table of a file: numbers as they came. */
export function table(lines: Line[]): { head: string[]; rows: string[][] } {
  const ids = [...new Set(lines.flatMap((line) => Object.keys(line.recording.measures)))];
  const facts = ["member", "format", "device", "serial", "channel", "unit", "start", "epoch_s"] as const;
  return {
    head: ["recording", "sha256", ...facts, "epochs", "coverage", "damages", ...ids],
    rows: lines.map((line) => [
      line.name,
      line.item.sha256,
      ...facts.map((id) => String(line.recording[id] ?? "")),
      String(line.recording.epochs),
      String(line.recording.coverage),
      String(line.recording.damages.count),
      ...ids.map((id) => String(valueOf(line, id) ?? "")),
    ]),
  };
}
