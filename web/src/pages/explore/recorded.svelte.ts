/** What was recorded beat by beat around a view. It is read in one place, wherever on the page it is shown, so that coming
 *  near does not read it again. */
import { client, data, type Schemas } from "../../api/client";
import { daysOfView, type View, windowAround } from "../../charts/view";
import { at } from "../../parts/time";
import { resource } from "../../state/resource.svelte";

/** Wider views would list hundreds. */
const DAYS_MAX = 16;
const LIMIT = 60;
/** A recording is listed by its beginning, which lies this long before a view at most. */
const BEGUN_H = 6;

export interface Recorded {
  ecgs: Schemas["EcgRow"][];
  beats: Schemas["BeatSeries"][];
}

/** The recordings that lie in the view; none while nobody asks for them. */
export function recordedIn(asked: () => { view: View; bounds: View } | undefined): () => Recorded {
  const wanted = $derived.by(() => {
    const here = asked();
    if (!here || daysOfView(here.view) > DAYS_MAX) return "";
    const { from, to } = windowAround(here.view, BEGUN_H, here.bounds);
    return `${new Date(from).toISOString()} ${new Date(to).toISOString()}`;
  });
  const found = resource(async (): Promise<Recorded> => {
    if (!wanted) return { ecgs: [], beats: [] };
    const [start, end] = wanted.split(" ");
    const query = { start, end, limit: LIMIT } as { start: string; end: string; limit: number };
    const [ecgs, beats] = await Promise.all([
      data(client.GET("/api/v1/cardio/ecgs", { params: { query } })),
      data(client.GET("/api/v1/cardio/beats", { params: { query } })),
    ]);
    return { ecgs: ecgs.data, beats: beats.data };
  });
  const seen = $derived.by((): Recorded => {
    const here = asked();
    const isSeen = (one: { start: string; end: string }): boolean =>
      here !== undefined && at(one.end) > here.view.from && at(one.start) < here.view.to;
    return {
      ecgs: found.value?.ecgs.filter(isSeen) ?? [],
      beats: found.value?.beats.filter(isSeen) ?? [],
    };
  });
  return () => seen;
}
