/** What of the time axis is seen, and how a gesture moves it. Times are milliseconds since 1970. */

export interface View {
  from: number;
  to: number;
}

const SECOND = 1000;
const DAY = 86_400_000;
/** Closer than this there is nothing more to see: one beat of a slow heart. */
export const WIDTH_MIN = SECOND;

/** The view with its place `at` kept under the pointer, `factor` times as wide; within `bounds`. */
export function zoomed(view: View, at: number, factor: number, bounds: View): View {
  const width = Math.min(bounds.to - bounds.from, Math.max(WIDTH_MIN, (view.to - view.from) * factor));
  const share = (at - view.from) / (view.to - view.from || 1);
  return inside({ from: at - share * width, to: at - share * width + width }, bounds);
}

/** The view moved by a share of its width. */
export function panned(view: View, share: number, bounds: View): View {
  const by = share * (view.to - view.from);
  return inside({ from: view.from + by, to: view.to + by }, bounds);
}

/** The view moved back within bounds, its width kept. */
export function inside(view: View, bounds: View): View {
  const width = Math.min(view.to - view.from, bounds.to - bounds.from);
  const from = Math.min(Math.max(view.from, bounds.from), bounds.to - width);
  return { from, to: from + width };
}

/** Narrower views are looked at by the second: recordings are shown as they are, and clocks have seconds. */
const NEAR = 600 * SECOND;
export const isNear = (view: View): boolean => view.to - view.from <= NEAR;

export function daysOfView(view: View): number {
  return (view.to - view.from) / DAY;
}

/** What is read for a view: the view with a margin, on a grid, so that a small movement reads nothing new. */
export function windowOf(view: View, bounds: View): View {
  const margin = 2 ** Math.ceil(Math.log2(Math.max(WIDTH_MIN, view.to - view.from))) / 4;
  return {
    from: Math.max(bounds.from, Math.floor(view.from / margin) * margin - margin),
    to: Math.min(bounds.to, Math.ceil(view.to / margin) * margin + margin),
  };
}

/** The same, at least some hours wide: the values beside a moment say at which height it lies. */
export function windowAround(view: View, hours: number, bounds: View): View {
  const grid = hours * 3_600_000;
  const { from, to } = windowOf(view, bounds);
  return {
    from: Math.max(bounds.from, Math.min(from, (Math.floor(view.from / grid) - 1) * grid)),
    to: Math.min(bounds.to, Math.max(to, (Math.ceil(view.to / grid) + 1) * grid)),
  };
}

/** The first place in rising times that is not before a time. */
export function lowerBound(times: ArrayLike<number>, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The place in rising times that is nearest to a time. */
export function nearestTo(times: ArrayLike<number>, time: number): number {
  const after = lowerBound(times, time);
  if (after === 0) return 0;
  if (after === times.length) return after - 1;
  return time - (times[after - 1] ?? 0) < (times[after] ?? 0) - time ? after - 1 : after;
}

/** The places of the values right before and right after a view that has none, where a line is drawn between them. */
export function joined(
  drawn: { times: ArrayLike<number>; values: ArrayLike<number | null> },
  view: View,
): [number, number] | undefined {
  const after = lowerBound(drawn.times, view.from / 1000);
  if (after !== lowerBound(drawn.times, view.to / 1000)) return undefined;
  const [one, other] = [drawn.values[after - 1] ?? null, drawn.values[after] ?? null];
  return one === null || other === null ? undefined : [after - 1, after];
}

/** Places of values that no line leads to: neither neighbour has a value. */
export function alone(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let index = 0; index < values.length; index++)
    if (
      (values[index] ?? null) !== null &&
      (values[index - 1] ?? null) === null &&
      (values[index + 1] ?? null) === null
    )
      found.push(index);
  return found;
}

/** Places of what has to be drawn, so that at most four values share a pixel: the first, the lowest, the highest and
 *  the last of each stretch, and every gap. */
export function thinned(
  values: ArrayLike<number | null>,
  pixels: number,
  first = 0,
  last = values.length,
): number[] | undefined {
  if (last - first <= 4 * pixels) return undefined;
  const size = Math.ceil((last - first) / Math.max(1, pixels));
  const kept: number[] = [];
  for (let start = first; start < last; start += size) {
    const end = Math.min(last, start + size);
    let low = -1;
    let high = -1;
    let gap = -1;
    for (let index = start; index < end; index++) {
      const value = values[index];
      if (value === null || value === undefined) gap = index;
      else {
        if (low < 0 || value < (values[low] as number)) low = index;
        if (high < 0 || value > (values[high] as number)) high = index;
      }
    }
    const places = [start, low, high, gap, end - 1].sort((a, b) => a - b);
    for (const place of places) if (place >= 0 && place !== kept[kept.length - 1]) kept.push(place);
  }
  return kept;
}
