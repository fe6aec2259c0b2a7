/** The day in an address: `?day=2026-05-04`. A date says nothing about a body; no value is ever in an address. */

/** The day that the query of an address asks for; nothing where it is no date. */
export function dayIn(search: string): string | undefined {
  const day = new URLSearchParams(search).get("day") ?? "";
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined;
  const at = new Date(`${day}T00:00:00Z`);
  // There is no thirtieth of February.
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day) ? day : undefined;
}

/** The address of a page with a day, or of the page as it opens by itself. */
export function withDay(path: string, day: string | undefined): string {
  return day === undefined ? path : `${path}?day=${day}`;
}

/** The day that a page shows because its address asks for it: not one that is still to come. */
export function askedDay(asked: string | undefined, now: string): string | undefined {
  return asked !== undefined && asked <= now ? asked : undefined;
}
