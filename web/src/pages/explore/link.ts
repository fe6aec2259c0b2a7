/** What is explored as an address that can be given to somebody: which metrics and how long a range, behind the `#`, which
 *  no server sees. It has no day and no value. */
import { RANGES, type Range } from "./find";

export interface Shown {
  metrics: string[];
  range: Range;
}

export function linkOf({ metrics, range }: Shown): string {
  return `/explore#show=${metrics.join("+")}&range=${range}`;
}

/** What an address asks for; nothing where it asks for nothing that there is. */
export function shownBy(hash: string): Shown | undefined {
  const found = /^#show=([a-z0-9_+]+)&range=([a-z]+)$/.exec(hash);
  const [, metrics = "", range = ""] = found ?? [];
  if (!found || !(range in RANGES)) return undefined;
  return { metrics: metrics.split("+").filter(Boolean), range: range as Range };
}
