/** How long a headline has stayed the same. */
import type { Schemas } from "../../api/client";
import { plusDays } from "../../parts/time";

type Titled = Pick<Schemas["InsightAnswer"], "date" | "title">;

/** Days in a row that have the headline of `all[index]`, itself counted, as far as they are listed; newest first. */
export function inARow(all: Titled[], index: number): number {
  const first = all[index];
  if (!first) return 0;
  let count = 1;
  for (const one of all.slice(index + 1)) {
    if (one.title !== first.title || one.date !== plusDays(first.date, -count)) break;
    count += 1;
  }
  return count;
}
