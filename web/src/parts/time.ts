/** Dates and clock times. A local day is a text such as 2026-05-04; times of day come from the text of an
 *  instant, whose offset is the one where it was measured, so no zone of this browser enters. */

const DAY_MS = 86_400_000;

function utc(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}

/** The day that is `days` later. */
export function plusDays(date: string, days: number): string {
  return new Date(utc(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Days from one date to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((utc(to) - utc(from)) / DAY_MS);
}

/** Every day from `from` up to, not including, `until`. */
export function daysOf(from: string, until: string): string[] {
  const count = Math.max(0, daysBetween(from, until));
  return Array.from({ length: count }, (_, index) => plusDays(from, index));
}

/** Today in a zone. */
export function today(zone: string | null | undefined, now: Date = new Date()): string {
  try {
    return new Intl.DateTimeFormat("en-CA", { timeZone: zone ?? undefined, dateStyle: "short" }).format(now);
  } catch {
    // An offset such as +02:00, or a zone that this browser does not know.
    return new Intl.DateTimeFormat("en-CA", { dateStyle: "short" }).format(now);
  }
}

/** The instant at which a local day begins in a zone, in milliseconds since 1970; of UTC in an unknown zone. */
export function startOfDay(date: string, zone: string): number {
  const guess = utc(date);
  const shown = (at: number): number => {
    const parts = new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    }).formatToParts(at);
    const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? "00";
    return Date.parse(`${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}:00Z`);
  };
  try {
    // Twice: the first guess may lie on the other side of a clock change.
    const once = guess - (shown(guess) - guess);
    return once - (shown(once) - guess);
  } catch {
    return guess;
  }
}

/** Milliseconds since 1970. */
export function at(instant: string): number {
  return Date.parse(instant);
}

/** The clock time that was shown where the instant was measured, in minutes after midnight. */
export function clockMinutes(instant: string): number {
  return (
    Number(instant.slice(11, 13)) * 60 + Number(instant.slice(14, 16)) + Number(instant.slice(17, 19)) / 60
  );
}

/** The local date in the text of an instant. */
export function dateOf(instant: string): string {
  return instant.slice(0, 10);
}

/** The offset of an instant from UTC in minutes. */
export function offsetMinutes(instant: string): number {
  const found = /([+-])(\d\d):(\d\d)$/.exec(instant);
  if (!found) return 0;
  const minutes = Number(found[2]) * 60 + Number(found[3]);
  return found[1] === "-" ? -minutes : minutes;
}

/** The first day of the range that has `days` days and ends with `last`. */
export function startOf(last: string, days: number): string {
  return plusDays(last, 1 - days);
}

/** 0 for Monday. */
export function weekday(date: string): number {
  return (new Date(utc(date)).getUTCDay() + 6) % 7;
}
