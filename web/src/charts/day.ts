/** One day of a chart of days. */
export interface Day {
  date: string;
  value: number | null;
  coverage?: number | null | undefined;
  reason?: string | null | undefined;
  shares?: { source: string; value: number }[] | undefined;
  /** The method that made the value, with its version. */
  made?: string | undefined;
}

/** The places at which another method begins: the values on both sides of a seam are not quite the same thing. */
export function seamsOf(days: Day[]): number[] {
  const found: number[] = [];
  let last: string | undefined;
  days.forEach((day, index) => {
    if (day.value === null || day.made === undefined) return;
    if (last !== undefined && day.made !== last) found.push(index);
    last = day.made;
  });
  return found;
}
