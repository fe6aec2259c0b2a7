/** What the number lens shows: one figure with everything that is known about where it comes from. */
import type { Schemas } from "../api/client";
import { named, t } from "../words/words";
import { unitOf } from "./format";

export interface Bucket {
  resolution: Exclude<Schemas["Resolution"], "raw">;
}

export interface Traced {
  label: string;
  value: number | null;
  unit: string;
  /** How the value reads, where a unit alone does not say it: a clock time. */
  text?: string | undefined;
  /** A reason code, where there is no value. */
  reason?: string | null | undefined;
  /** Begin and end, the latter exclusive: instants, or local days. */
  start?: string | null | undefined;
  end?: string | null | undefined;
  coverage?: number | null | undefined;
  n?: number | undefined;
  method?: string | undefined;
  version?: number | undefined;
  /** The page that describes the method, where its name does not say it. */
  page?: string | undefined;
  /** How it was put together over its interval, where the sources in it can be asked for. */
  bucket?: Bucket | undefined;
  definition?: string | undefined;
  sources?: Omit<Schemas["SourceValue"], "samples">[] | undefined;
  /** The metric whose samples are behind it. */
  metric?: string | undefined;
  /** One source that measured or recorded it. */
  source?: string | undefined;
  /** What the phone itself states of the same day. */
  stated?: Schemas["Reconciled"] | undefined;
}

class Open {
  figure = $state.raw<Traced | undefined>(undefined);

  show(figure: Traced): void {
    this.figure = figure;
  }

  close(): void {
    this.figure = undefined;
  }
}

export const lens = new Open();

/** The page of a figure's method: of a published method by its name. */
export function pageOf(figure: Traced): string | undefined {
  const name = figure.page ?? (figure.version === undefined ? undefined : figure.method);
  return name && `/docs/methods/${name}`;
}

/** A measure of the API as the lens shows it. */
export function traced(id: string, measure: Schemas["PrintedMeasure"], metric?: string): Traced {
  return {
    label: named(id),
    value: measure.value ?? null,
    unit: unitOf(metric ?? id, measure.unit),
    reason: measure.reason,
    start: measure.start,
    end: measure.end,
    coverage: measure.coverage,
    n: measure.n,
    method: measure.method,
    version: measure.version,
    definition: t.definitions[id],
    metric,
  };
}
