/** Numbers, units and dates as the person reads them. */
import { clockMinutes, plusDays } from "./time";

const NARROW = "\u202f";
let imperial = false;
let locale: string | undefined;

/** Takes over the person's units and language. */
export function readAs(
  units: "metric" | "imperial" | null | undefined,
  language: string | null | undefined,
): void {
  imperial = units === "imperial";
  locale = supported(language);
}

function supported(language: string | null | undefined): string | undefined {
  try {
    return language ? Intl.DateTimeFormat.supportedLocalesOf(language)[0] : undefined;
  } catch {
    return undefined;
  }
}

/** How a unit of the API is shown: its name, its factor, and the digits that make sense. */
interface Shown {
  unit: string;
  digits: number;
  /** Also digits that are zero: lengths stand below each other. */
  fixed?: true;
  convert?: (value: number) => number;
}

const METRES_OF_MILE = 1609.344;

const METRIC: Record<string, Shown> = {
  "1": { unit: "", digits: 0 },
  "/min": { unit: "/min", digits: 1, fixed: true },
  "/min{beats}": { unit: "bpm", digits: 1 },
  "/min{steps}": { unit: "steps/min", digits: 1 },
  "{code}": { unit: "", digits: 0 },
  "/h": { unit: "/h", digits: 1 },
  "/d": { unit: "a day", digits: 0 },
  min: { unit: "min", digits: 0 },
  h: { unit: "h", digits: 1 },
  s: { unit: "s", digits: 0 },
  ms: { unit: "ms", digits: 0 },
  mV: { unit: "mV", digits: 3 },
  kcal: { unit: "kcal", digits: 0 },
  "%": { unit: "%", digits: 1 },
  m: { unit: "km", digits: 2, fixed: true, convert: (metres) => metres / 1000 },
  "m{height}": { unit: "m", digits: 0 },
  lx: { unit: "lx", digits: 0 },
  cm: { unit: "cm", digits: 1 },
  kg: { unit: "kg", digits: 1 },
  Cel: { unit: "°C", digits: 1 },
  "mm[Hg]": { unit: "mmHg", digits: 0 },
  "mL/(kg.min)": { unit: "mL/kg/min", digits: 1 },
  "ml/(kg.min)": { unit: "mL/kg/min", digits: 1 },
  "dB(SPL)": { unit: "dB", digits: 0 },
  "m/s": { unit: "km/h", digits: 1, fixed: true, convert: (speed) => speed * 3.6 },
};

const IMPERIAL: Record<string, Shown> = {
  m: { unit: "mi", digits: 2, fixed: true, convert: (metres) => metres / METRES_OF_MILE },
  "m{height}": { unit: "ft", digits: 0, convert: (metres) => metres / 0.3048 },
  kg: { unit: "lb", digits: 1, convert: (kilograms) => kilograms / 0.45359237 },
  Cel: { unit: "°F", digits: 1, convert: (celsius) => celsius * 1.8 + 32 },
  cm: { unit: "in", digits: 1, convert: (centimetres) => centimetres / 2.54 },
  "m/s": { unit: "mph", digits: 1, fixed: true, convert: (speed) => speed * 2.2369362921 },
};

function shown(unit: string): Shown {
  return (imperial ? IMPERIAL[unit] : undefined) ?? METRIC[unit] ?? { unit, digits: 2 };
}

/** Metrics of something that is counted by the minute, by what that is. */
const COUNTED: [RegExp, string][] = [
  [/heart_rate(?!_variability)/, "/min{beats}"],
  [/step_count/, "/min{steps}"],
];

/** The unit of a metric of the API with what is counted in it: 60 a minute are beats or steps. */
export function unitOf(metric: string | undefined, unit: string): string {
  if (unit !== "/min" || metric === undefined) return unit;
  return COUNTED.find(([name]) => name.test(metric))?.[1] ?? unit;
}

/** A value of the API in the person's unit. */
export function converted(value: number, unit: string): number {
  return shown(unit).convert?.(value) ?? value;
}

/** A value in the person's unit as a value of the API. */
export function entered(value: number, unit: string): number {
  // Every conversion is a straight line.
  const at = (one: number): number => converted(one, unit);
  return (value - at(0)) / (at(1) - at(0));
}

/** Metres of what a person counts the way in. */
export function wayUnit(): number {
  return imperial ? METRES_OF_MILE : 1000;
}

/** Minutes and seconds. */
export function elapsed(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** The time in which one goes a kilometre or a mile. */
export function pace(metres: number, seconds: number): string {
  return `${elapsed((seconds * wayUnit()) / metres)} min/${shown("m").unit}`;
}

/** The person's unit for a unit of the API. */
export function unitName(unit: string): string {
  return shown(unit).unit;
}

export function number(value: number, digits = 0, least = 0): string {
  const format = { maximumFractionDigits: digits, minimumFractionDigits: Math.min(digits, least) };
  return new Intl.NumberFormat(locale, format).format(value);
}

/** The same as the pages that the server writes: halves go to the even neighbour. */
export function asPrinted(value: number, digits: number): string {
  const format = { maximumFractionDigits: digits, roundingMode: "halfEven" };
  return new Intl.NumberFormat(locale, format as Intl.NumberFormatOptions).format(value);
}

/** A value with its unit; minutes of an hour and more as hours and minutes. */
export function quantity(value: number, unit: string): string {
  if (unit === "min" && Math.abs(value) >= 60) return duration(value);
  const as = shown(unit);
  return united(number(as.convert?.(value) ?? value, as.digits, as.fixed ? as.digits : 0), as.unit);
}

/** A value as precise as it is shown: what reads the same is the same. */
export function asShown(value: number, unit: string): number {
  const as = shown(unit);
  const power = 10 ** as.digits;
  return Math.round((as.convert?.(value) ?? value) * power) / power;
}

function united(text: string, unit: string): string {
  return unit === "" ? text : unit === "%" ? `${text}${NARROW}%` : `${text} ${unit}`;
}

/** From one value to another, both with as many digits, and their unit once. */
export function between(low: number, high: number, unit: string): string {
  const [from, to] = [quantity(low, unit), quantity(high, unit)];
  if (from === to) return from;
  if (unit === "min" && Math.abs(high) >= 60) return `${from} – ${to}`;
  const as = shown(unit);
  const values = [low, high].map((value) => as.convert?.(value) ?? value);
  const power = 10 ** as.digits;
  const isWhole = values.every((value) => Math.round(value * power) % power === 0);
  const least = isWhole && !as.fixed ? 0 : as.digits;
  return united(values.map((value) => number(value, as.digits, least)).join("–"), as.unit);
}

/** A mark of an axis: as many digits as tell it from its neighbours. */
export function mark(value: number, unit: string, marks: number[]): string {
  const as = shown(unit);
  const all = marks.map((one) => as.convert?.(one) ?? one);
  const step = Math.abs((all[1] ?? 0) - (all[0] ?? 0));
  // As many as the step itself has: of 2.5 one, or 7.5 would read 8.
  const isWhole = (digits: number): boolean =>
    Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6 * step * 10 ** digits;
  const digits = step > 0 ? ([0, 1, 2, 3, 4, 5].find(isWhole) ?? 6) : as.digits;
  return number(as.convert?.(value) ?? value, digits);
}

/** A value without its unit, for axes and tables whose head has it. */
export function bare(value: number, unit: string): string {
  const as = shown(unit);
  return number(as.convert?.(value) ?? value, as.digits, as.fixed ? as.digits : 0);
}

export function duration(minutes: number): string {
  const whole = Math.round(minutes);
  const hours = Math.floor(Math.abs(whole) / 60);
  const rest = Math.abs(whole) % 60;
  const sign = whole < 0 ? "−" : "";
  return hours === 0
    ? `${sign}${rest} min`
    : rest === 0
      ? `${sign}${hours} h`
      : `${sign}${hours} h ${rest} min`;
}

export function share(part: number, digits = 0): string {
  return united(number(part * 100, digits), "%");
}

type DateStyle = "short" | "medium" | "long" | "weekday" | "month" | "monthShort" | "day";
const STYLES: Record<DateStyle, Intl.DateTimeFormatOptions> = {
  short: { day: "numeric", month: "short" },
  medium: { day: "numeric", month: "short", year: "numeric" },
  long: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  weekday: { weekday: "short", day: "numeric", month: "short" },
  month: { month: "long", year: "numeric" },
  monthShort: { month: "short", year: "numeric" },
  day: { weekday: "short" },
};

/** A local day. */
export function date(day: string, style: DateStyle = "medium"): string {
  return new Intl.DateTimeFormat(locale, { ...STYLES[style], timeZone: "UTC" }).format(
    new Date(`${day}T00:00:00Z`),
  );
}

/** Minutes after midnight as a clock time. */
export function clock(minutes: number): string {
  const within = ((Math.round(minutes) % 1440) + 1440) % 1440;
  return new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit", timeZone: "UTC" }).format(
    new Date(within * 60_000),
  );
}

/** A full hour as short as it is read: 12 AM, or 00. */
export function hourOf(hour: number): string {
  return new Intl.DateTimeFormat(locale, { hour: "numeric", timeZone: "UTC" }).format(
    new Date((hour % 24) * 3_600_000),
  );
}

/** The day that a week begins with where the person reads, 0 for Monday. */
export function firstWeekday(): number {
  const used = new Intl.DateTimeFormat(locale).resolvedOptions().locale;
  const own = new Intl.Locale(used) as Intl.Locale & {
    getWeekInfo?: () => { firstDay: number };
    weekInfo?: { firstDay: number };
  };
  // Older browsers know it as a property, and some not at all.
  return ((own.getWeekInfo?.() ?? own.weekInfo)?.firstDay ?? 1) - 1;
}

/** Seconds after midnight as a clock time with its seconds, with as many digits as asked. */
export function clockFine(seconds: number, digits: number): string {
  const day = 86_400;
  // Cut and not rounded: a clock shows a second until the next one begins.
  const power = 10 ** digits;
  const cut = Math.floor(seconds * power + 1e-6) / power;
  const within = ((cut % day) + day) % day;
  return new Intl.DateTimeFormat(locale, {
    hour: "numeric",
    minute: "2-digit",
    second: "2-digit",
    timeZone: "UTC",
    ...(digits > 0 ? { fractionalSecondDigits: Math.min(3, digits) as 1 | 2 | 3 } : {}),
  }).format(new Date(Math.round(within * 1000)));
}

/** A clock time of the API, such as 03:23:42, as the person reads it. */
export function clockOfDay(text: string): string {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(":").map(Number);
  return clock(hours * 60 + minutes + seconds / 60);
}

/** The clock time at which something was measured, on the clock of that place. */
export function timeOf(instant: string): string {
  return clock(clockMinutes(instant));
}

/** Day and clock time of an instant, on the clock of its place. */
export function moment(instant: string): string {
  return `${date(instant.slice(0, 10), "short")}, ${timeOf(instant)}`;
}

/** From one instant to another, or over local days, of which the end is not one any more. */
export function interval(start: string, end: string): string {
  if (start.length > 10) return `${moment(start)} – ${moment(end)}`;
  const last = plusDays(end, -1);
  return start === last ? date(start) : `${date(start)} – ${date(last)}`;
}

/** An instant of the server on the clock of this browser. */
export function here(instant: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(instant),
  );
}

/** The same without the day, when it is today. */
export function hereShort(instant: string): string {
  const at = new Date(instant);
  if (at.toDateString() !== new Date().toDateString()) return here(instant);
  return new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(at);
}

const SIZES = ["bytes", "KB", "MB", "GB", "TB"];

export function bytes(count: number): string {
  const step = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return `${number(count / 1000 ** step, step > 1 ? 1 : 0)} ${SIZES[step] ?? ""}`;
}
