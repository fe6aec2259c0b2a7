/** What a method of the API is called. A name there is a measure and the way in which it is found, such as
 *  `steps.interval_priority`; what is not listed here reads as it is, without its marks. */
import { named, t } from "./words";

export function methodName(id: string): string {
  const known = t.methods[id];
  if (known) return known;
  const [measure = "", ...ways] = id.split(".");
  const way = ways.join(" ").replaceAll("_", " ");
  const ofWay = t.methodWays[ways.join(".")] ?? way;
  return ofWay === "" ? named(measure) : `${named(measure)}: ${ofWay}`;
}
