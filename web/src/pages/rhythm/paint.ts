/** Paints an actogram: each row two days, so that a night is in one piece. */
import { clock, date, hourOf } from "../../parts/format";
import { fitting } from "../../charts/scale";
import { type Grid, type Hole, SLOTS } from "./grid";
import type { Asleep } from "./rows";

export interface Painted {
  grid: Grid;
  asleep: Asleep[];
  light: (number | null)[][];
  zones: { isNew: boolean }[];
  /** The slots of each day of which nothing is known, the latter exclusive. */
  voids: (Hole | undefined)[];
  /** The days that are seen: places in the grid, the latter exclusive. */
  first: number;
  last: number;
  /** Steps that are drawn as dark as it gets. */
  most: number;
  cursor: number | undefined;
  marked: number | undefined;
}

export interface Place {
  width: number;
  height: number;
  left: number;
  row: number;
  axis: number;
}

const DAY_MIN = 1440;
/** Full daylight in lux; light is seen on a scale of powers. */
const LIGHT_MAX = 10_000;
/** Share of a row that each of sleep and light takes, at its lower edge. */
const BAND = 0.24;

export function paint(canvas: HTMLCanvasElement, what: Painted, at: Place): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const scale = devicePixelRatio;
  [canvas.width, canvas.height] = [at.width * scale, at.height * scale];
  canvas.style.width = `${at.width}px`;
  canvas.style.height = `${at.height}px`;
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  context.font = "11px system-ui, sans-serif";
  for (let index = what.first; index < what.last; index++) row(context, what, at, index, token);
  sleep(context, what, at, token("--asleep"));
  context.fillStyle = token("--soft");
  // Where six hours are too narrow, noons and midnights.
  const isNarrow = at.width < 560;
  const marks = Array.from({ length: 9 }, (_, index) => ({
    at: at.left + ((at.width - at.left) * index) / 8,
    text: isNarrow ? hourOf((index * 6) % 24) : clock(((index * 6) % 24) * 60),
  }));
  for (const { mark, place } of fitting(
    marks.filter((_, index) => !isNarrow || index % 2 === 0),
    at.left - 24,
    at.width,
  )) {
    context.textAlign = place["text-anchor"] === "middle" ? "center" : place["text-anchor"];
    context.fillText(mark.text, place.x, at.height - 5);
  }
  context.textAlign = "start";
}

function row(
  context: CanvasRenderingContext2D,
  what: Painted,
  at: Place,
  index: number,
  token: (name: string) => string,
): void {
  const y = (index - what.first) * at.row;
  const wide = at.width - at.left;
  const slot = wide / (2 * SLOTS);
  const band = Math.max(2, Math.round(at.row * BAND));
  const cells = (values: (number | null)[][], colour: string, strength: (value: number) => number): void => {
    const [top, high] = values === what.light ? [y + at.row - 2 - band, band] : [y, at.row - 2];
    context.fillStyle = colour;
    [values[index], values[index + 1]].forEach((day, half) => {
      day?.forEach((value, place) => {
        if (value === null || value === 0) return;
        context.globalAlpha = strength(value);
        context.fillRect(at.left + (half * SLOTS + place) * slot, top, Math.max(0.7, slot), high);
      });
    });
    context.globalAlpha = 1;
  };
  context.fillStyle = token("--well");
  context.fillRect(at.left, y, wide, at.row - 2);
  // Beyond the last day is what is still to come.
  const beyond: Hole = [0, SLOTS];
  [index, index + 1].forEach((day, half) => {
    const hole = day < what.voids.length ? what.voids[day] : beyond;
    if (!hole) return;
    const from = at.left + (half * SLOTS + hole[0]) * slot;
    hatched(context, from, y, (hole[1] - hole[0]) * slot, at.row - 2, token);
  });
  cells(what.grid.days, token("--s3"), (value) => Math.max(0.18, Math.min(1, value / what.most)));
  cells(what.light, token("--awake"), (value) =>
    Math.max(0.15, Math.min(1, Math.log10(1 + value) / Math.log10(1 + LIGHT_MAX))),
  );
  context.fillStyle = token("--soft");
  const every = Math.max(1, Math.round(39 / at.row));
  if ((index - what.first) % every === 0)
    context.fillText(date(what.grid.dates[index] ?? "", "short"), 0, y + at.row / 2 + 4);
  if (what.zones[index]?.isNew) {
    context.strokeStyle = token("--s2");
    context.lineWidth = 2;
    context.setLineDash([6, 3]);
    context.beginPath();
    context.moveTo(at.left, y - 1);
    context.lineTo(at.width, y - 1);
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 1;
  }
  const [from, to] = [what.marked ?? what.cursor, what.cursor].toSorted((a, b) => (a ?? 0) - (b ?? 0));
  if (from === undefined || to === undefined) return;
  const place = index - what.first;
  if (place < from || place > to) return;
  context.strokeStyle = token("--ink");
  context.strokeRect(at.left + 0.5, y + 0.5, wide - 1, at.row - 2);
}

/** A place of which nothing is known: no quiet hour, which has a ground of its own. */
function hatched(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  token: (name: string) => string,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = token("--sheet");
  context.fillRect(x, y, width, height);
  context.strokeStyle = token("--line");
  context.beginPath();
  for (let from = x - height; from < x + width; from += 6) {
    context.moveTo(from, y + height);
    context.lineTo(from + height, y);
  }
  context.stroke();
  context.restore();
}

/** Sleep as a band above that of the light, on every row that shows it. */
function sleep(context: CanvasRenderingContext2D, what: Painted, at: Place, colour: string): void {
  const minute = (at.width - at.left) / (2 * DAY_MIN);
  const band = Math.max(2, Math.round(at.row * BAND));
  context.fillStyle = colour;
  for (const one of what.asleep) {
    for (let index = what.first; index < what.last; index++) {
      const [from, to] = [one.from - index * DAY_MIN, one.to - index * DAY_MIN].map((time) =>
        Math.max(0, Math.min(2 * DAY_MIN, time)),
      ) as [number, number];
      if (to <= from) continue;
      const y = (index - what.first) * at.row;
      context.fillRect(at.left + from * minute, y + at.row - 2 - 2 * band, (to - from) * minute, band);
    }
  }
}
