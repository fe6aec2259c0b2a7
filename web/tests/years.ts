/** A made-up Apple Health export of any length, with the exact truth of what a page must show of it. One zone (UTC),
 *  a watch and a phone; the same numbers every time. */

export interface Shape {
  /** Days up to yesterday. */
  days: number;
  /** Seconds between heart rates. */
  heartEveryS: number;
  /** Heart rates of the last day, where it is to be a dense one. */
  denseDay?: number;
}

export interface Truth {
  /** Records that the file holds. */
  records: number;
  /** Local day → what the page must show. */
  steps: Map<string, number>;
  asleepMin: Map<string, number>;
  resting: Map<string, number>;
  /** Records by type. */
  byType: Map<string, number>;
}

const DAY_MS = 86_400_000;
const HK = "HKQuantityTypeIdentifier";

/** A sequence of numbers in [0, 1) that is always the same (Park and Miller 1988). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** An instant of the file, as Apple prints it. */
function printed(at: number): string {
  const time = new Date(at);
  return (
    `${time.getUTCFullYear()}-${two(time.getUTCMonth() + 1)}-${two(time.getUTCDate())} ` +
    `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} +0000`
  );
}

/** The file in pieces of a day each; `truth` is whole when the last piece was taken. */
export function exportOf(shape: Shape, now: Date = new Date()): { pieces: Iterable<string>; truth: Truth } {
  const truth: Truth = {
    records: 0,
    steps: new Map(),
    asleepMin: new Map(),
    resting: new Map(),
    byType: new Map(),
  };
  return { pieces: pieces(shape, truth, now), truth };
}

function* pieces(shape: Shape, truth: Truth, now: Date): Generator<string> {
  const today = Date.parse(now.toISOString().slice(0, 10));
  const chance = sequence(20_261_129);
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<HealthData locale="en_GB">\n <ExportDate value="${printed(now.getTime() - 60_000)}"/>\n`;
  for (let back = shape.days; back >= 1; back--) {
    const lines: string[] = [];
    const record = (
      type: string,
      source: string,
      span: [number, number],
      value: number | string,
      unit?: string,
    ): void => {
      truth.records += 1;
      truth.byType.set(type, (truth.byType.get(type) ?? 0) + 1);
      const units = unit ? ` unit="${unit}"` : "";
      lines.push(
        ` <Record type="${type}" sourceName="${source}"${units} creationDate="${printed(span[1])}" ` +
          `startDate="${printed(span[0])}" endDate="${printed(span[1])}" value="${value}"/>`,
      );
    };
    const day = today - back * DAY_MS;
    walks(day, chance, record, truth);
    night(day, chance, record, truth);
    hearts(day, shape, back === 1, chance, record, truth);
    yield `${lines.join("\n")}\n`;
  }
  yield "</HealthData>\n";
}

type Record = (
  type: string,
  source: string,
  span: [number, number],
  value: number | string,
  unit?: string,
) => void;

/** Watch and phone count the same walks; where both did, the watch counts. */
function walks(day: number, chance: () => number, record: Record, truth: Truth): void {
  let sum = 0;
  for (let slot = 0; slot < 72; slot++) {
    if (chance() < 0.4) continue;
    const from = day + 8 * 3_600_000 + slot * 600_000;
    const span: [number, number] = [from, from + 480_000];
    const steps = Math.round(30 + 600 * chance());
    record(`${HK}StepCount`, "Watch", span, steps, "count");
    record(`${HK}ActiveEnergyBurned`, "Watch", span, (steps * 0.04).toFixed(2), "kcal");
    record(`${HK}DistanceWalkingRunning`, "Watch", span, (steps * 0.00074).toFixed(5), "km");
    if (chance() < 0.5) record(`${HK}StepCount`, "Phone", span, Math.max(1, steps - 7), "count");
    sum += steps;
  }
  truth.steps.set(new Date(day).toISOString().slice(0, 10), sum);
}

/** The night that ends on the day: stages of the watch, time in bed of the phone. */
function night(day: number, chance: () => number, record: Record, truth: Truth): void {
  const type = "HKCategoryTypeIdentifierSleepAnalysis";
  const stage = (name: string): string => `HKCategoryValueSleepAnalysis${name}`;
  let at = day - 3_600_000 + Math.round(40 * chance()) * 60_000;
  const bed = at - 600_000;
  let asleep = 0;
  for (let cycle = 0; cycle < 5; cycle++) {
    for (const [name, minutes] of [
      ["AsleepCore", 25 + Math.round(10 * chance())],
      ["AsleepDeep", Math.max(5, 30 - 6 * cycle)],
      ["AsleepREM", 10 + 4 * cycle],
      ["Awake", cycle < 4 ? 3 : 0],
    ] as const) {
      if (minutes === 0) continue;
      const end = at + minutes * 60_000;
      record(type, "Watch", [at, end], stage(name));
      if (name !== "Awake") asleep += minutes;
      at = end;
    }
  }
  record(type, "Phone", [bed, at + 300_000], stage("InBed"));
  truth.asleepMin.set(new Date(day).toISOString().slice(0, 10), asleep);
  for (let hour = 0; hour < 5; hour++) {
    const span: [number, number] = [day + hour * 3_600_000, day + hour * 3_600_000 + 60_000];
    record(`${HK}HeartRateVariabilitySDNN`, "Watch", span, (40 + 20 * chance()).toFixed(1), "ms");
    record(`${HK}RespiratoryRate`, "Watch", span, (13 + 3 * chance()).toFixed(1), "count/min");
    record(`${HK}OxygenSaturation`, "Watch", span, (0.95 + 0.04 * chance()).toFixed(3), "%");
  }
}

function hearts(
  day: number,
  shape: Shape,
  isLast: boolean,
  chance: () => number,
  record: Record,
  truth: Truth,
): void {
  const count = isLast && shape.denseDay ? shape.denseDay : Math.floor(86_400 / shape.heartEveryS);
  for (let index = 0; index < count; index++) {
    const at = day + Math.floor((index * DAY_MS) / count / 1000) * 1000;
    const hour = (at - day) / 3_600_000;
    const rate = Math.round(62 + 12 * Math.sin(((hour - 8) / 24) * 2 * Math.PI) + 8 * chance());
    // Two measurements within a second would be one: each has a value of its own.
    record(`${HK}HeartRate`, "Watch", [at, at], rate + (index % 2) * 0.5, "count/min");
  }
  const resting = Math.round(52 + 6 * chance());
  record(`${HK}RestingHeartRate`, "Watch", [day + 7 * 3_600_000, day + 8 * 3_600_000], resting, "count/min");
  truth.resting.set(new Date(day).toISOString().slice(0, 10), resting);
  record(
    `${HK}BodyMass`,
    "Scale",
    [day + 7 * 3_600_000, day + 7 * 3_600_000],
    (72 + chance()).toFixed(1),
    "kg",
  );
}
