/** Orders of names. */

/** The order with a name at another place. */
export function moved(order: string[], name: string, to: number): string[] {
  const next = order.filter((one) => one !== name);
  next.splice(to, 0, name);
  return next;
}

export function same(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

/** Each name once: two devices may share one, and an order says names. */
export function distinct(names: string[]): string[] {
  return [...new Set(names)];
}

/** The places, from 1, that the names have in a list, as the API takes an order that is tried. */
export function placesOf(order: string[], present: string[]): string {
  return order
    .flatMap((name) => present.flatMap((one, index) => (one === name ? [index + 1] : [])))
    .join(",");
}
