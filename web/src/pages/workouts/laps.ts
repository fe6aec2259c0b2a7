/** The laps of a workout: each as long as its device said, or from one press of the button to the next. */
import type { Schemas } from "../../api/client";
import { at } from "../../parts/time";

export interface Lap {
  from: number;
  to: number;
}

export function lapsOf(events: Schemas["EventAnswer"][], start: string): Lap[] {
  const laps = events.filter((one) => one.event === "lap").toSorted((a, b) => at(a.at) - at(b.at));
  let last = at(start);
  return laps.flatMap((lap) => {
    const pressed = at(lap.at);
    // A lap with a length begins at its time; a mere press ends the one before.
    const found = lap.duration_min
      ? { from: pressed, to: pressed + lap.duration_min * 60_000 }
      : { from: last, to: pressed };
    last = found.to;
    return found.to > found.from ? [found] : [];
  });
}
