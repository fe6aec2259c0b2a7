/** Marks of an axis of values: round in the unit that the person reads, wherever those lie in the unit of the API. */
import { converted } from "../parts/format";
import { ticks } from "./scale";

/** Values in the unit of the API whose texts in the person's unit are round. Units differ by a factor and a shift, so two
 *  points say how far each mark lies. */
export function unitTicks(low: number, high: number, unit: string, count = 4): number[] {
  const [from, to] = [converted(low, unit), converted(high, unit)];
  if (!(to > from)) return ticks(low, high, count);
  return ticks(from, to, count).map((one) =>
    Number((low + ((one - from) / (to - from)) * (high - low)).toPrecision(12)),
  );
}
