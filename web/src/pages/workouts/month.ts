/** The weeks of a month. */
import { plusDays, weekday } from "../../parts/time";

/** The first day of the month that is `months` later. */
export function plusMonths(month: string, months: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 10);
}

/** The days of the weeks that a month touches, from a day of the week on, 0 for Monday; those of other months are left
 *  empty. */
export function weeksOf(month: string, begin = 0): (string | undefined)[][] {
  const [first, end] = [plusMonths(month, 0), plusMonths(month, 1)];
  const weeks: (string | undefined)[][] = [];
  const before = (weekday(first) - begin + 7) % 7;
  for (let start = plusDays(first, -before); start < end; start = plusDays(start, 7)) {
    weeks.push(
      Array.from({ length: 7 }, (_, index) => {
        const day = plusDays(start, index);
        return first <= day && day < end ? day : undefined;
      }),
    );
  }
  return weeks;
}
