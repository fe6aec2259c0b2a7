/** Straight scales and their marks, without a library. */

export type Scale = (value: number) => number;

export function linear(from: [number, number], to: [number, number]): Scale {
  const span = from[1] - from[0] || 1;
  return (value) => to[0] + ((value - from[0]) / span) * (to[1] - to[0]);
}

/** Round numbers that cover a range: at most `count` steps of 1, 2, 2.5 or 5 times a power of ten. */
export function ticks(low: number, high: number, count = 4): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * power >= rough) ?? 10;
  const step = factor * power;
  const first = Math.ceil(low / step - 1e-9) * step;
  const found: number[] = [];
  for (let value = first; value <= high + step * 1e-9; value += step)
    found.push(Number(value.toPrecision(12)));
  return found;
}

/** Pixels of a letter of a mark, on average. */
export const LETTER = 6.9;

/** Where a mark of an axis stands: in the middle of its place, or as far beside it as nothing of it is cut off. */
export function placed(
  at: number,
  text: string,
  left: number,
  right: number,
): { x: number; "text-anchor": "start" | "middle" | "end" } {
  const half = (text.length * LETTER) / 2;
  if (at - half < left) return { x: left, "text-anchor": "start" };
  if (at + half > right) return { x: right, "text-anchor": "end" };
  return { x: at, "text-anchor": "middle" };
}

export interface Mark {
  at: number;
  text: string;
}

/** Room between two marks in pixels. */
const APART = 6;

/** The marks that stand beside each other without touching, from the left; none of them is cut off. */
export function fitting<T extends Mark>(
  marks: T[],
  left: number,
  right: number,
): { mark: T; place: ReturnType<typeof placed> }[] {
  let free = Number.NEGATIVE_INFINITY;
  return marks.flatMap((mark) => {
    const place = placed(mark.at, mark.text, left, right);
    const width = mark.text.length * LETTER;
    const from = place.x - { start: 0, middle: width / 2, end: width }[place["text-anchor"]];
    if (from < free) return [];
    free = from + width + APART;
    return [{ mark, place }];
  });
}

/** The range of values with a margin; from zero for totals. */
export function range(values: number[], fromZero: boolean): [number, number] {
  if (values.length === 0) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (fromZero) return [0, high > 0 ? high * 1.06 : 1];
  const margin = (high - low || Math.abs(high) || 1) * 0.12;
  return [low - margin, high + margin];
}
