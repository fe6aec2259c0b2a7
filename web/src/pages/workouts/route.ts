/** What the points of a route say of a workout: how far at which time, kilometre by kilometre, and how high. */
import type { Schemas } from "../../api/client";
import { at } from "../../parts/time";

type Route = Pick<Schemas["RouteAnswer"], "at" | "latitude_deg" | "longitude_deg" | "elevation_m">;

/** Mean radius of the earth in metres (IUGG). */
const RADIUS_M = 6_371_008.8;

/** Metres between two places (haversine). */
export function metresBetween(one: [number, number], other: [number, number]): number {
  const rad = Math.PI / 180;
  const [north, east] = [(other[0] - one[0]) * rad, (other[1] - one[1]) * rad];
  const half =
    Math.sin(north / 2) ** 2 + Math.cos(one[0] * rad) * Math.cos(other[0] * rad) * Math.sin(east / 2) ** 2;
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

export interface Split {
  from: number;
  to: number;
  /** Shorter for the last one. */
  metres: number;
}

/** Metres from point to point of a route. */
export function metresOf(route: Route): number {
  let metres = 0;
  for (let index = 1; index < route.at.length; index++)
    metres += metresBetween(place(route, index - 1), place(route, index));
  return metres;
}

/** A route that lasts less of its workout than this is a part of the way. */
const WHOLE = 0.95;
/** A route and a distance further apart than this are not the same way. */
const APART_MAX = 1.25;
/** Nearer to each other than this they are the same, but for rounding. */
const SAME = 0.005;

export interface Way {
  /** Metres of the points of all routes. */
  metres: number;
  /** What the distance that was recorded is of them; undefined where the two cannot be held against each other. */
  scale: number | undefined;
  isSame: boolean;
}

/** The length of the routes of a workout beside the distance that its device recorded. Points lie beside the way, and a
 *  device knows more than they do, so the way is as long as the device says where both are of the whole workout. */
export function wayOf(
  routes: Route[],
  workout: { start: string; end: string; distance_m?: number | null | undefined },
): Way {
  const metres = routes.reduce((sum, route) => sum + metresOf(route), 0);
  const recorded = workout.distance_m ?? 0;
  if (metres === 0 || recorded === 0) return { metres, scale: undefined, isSame: recorded === 0 };
  const lasted = routes.reduce((sum, route) => sum + at(route.at.at(-1) ?? "") - at(route.at[0] ?? ""), 0);
  const isWhole = lasted >= WHOLE * (at(workout.end) - at(workout.start));
  const scale = recorded / metres;
  const isNear = scale < APART_MAX && 1 / scale < APART_MAX;
  return { metres, scale: isWhole && isNear ? scale : undefined, isSame: Math.abs(scale - 1) < SAME };
}

/** The time of each whole `length` metres along a route, each of whose steps counts `scale` times as long, and the
 *  rest; between two points one went evenly. */
export function splitsOf(route: Route, length: number, scale = 1): Split[] {
  const found: Split[] = [];
  let began = at(route.at[0] ?? "");
  let metres = 0;
  for (let index = 1; index < route.at.length; index++) {
    const [from, to] = [at(route.at[index - 1] ?? ""), at(route.at[index] ?? "")];
    const step = scale * metresBetween(place(route, index - 1), place(route, index));
    let gone = 0;
    while (metres + step - gone >= length) {
      gone += length - metres;
      const reached = from + (to - from) * (gone / step);
      found.push({ from: began, to: reached, metres: length });
      began = reached;
      metres = 0;
    }
    metres += step - gone;
  }
  const end = at(route.at.at(-1) ?? "");
  // A rest of a few steps has no speed.
  if (metres >= length / 50 && end > began) found.push({ from: began, to: end, metres });
  return found;
}

const place = (route: Route, index: number): [number, number] => [
  route.latitude_deg[index] ?? 0,
  route.longitude_deg[index] ?? 0,
];

export interface Height {
  at: number;
  value: number;
  /** The point before has no height: nothing is drawn to it. */
  isAfterGap: boolean;
}

/** The points with a height. */
export function heightsOf(route: Route): Height[] {
  let isAfterGap = true;
  return route.elevation_m.flatMap((value, index) => {
    if (value === null) {
      isAfterGap = true;
      return [];
    }
    const found = { at: at(route.at[index] ?? ""), value, isAfterGap };
    isAfterGap = false;
    return [found];
  });
}
