/** Which metrics somebody means who types words: by name, id and description, and by the other words that people have
 *  for the same thing. */
import { named, t } from "../../words/words";
import type { Mine } from "./find";

/** The words under which a metric is found beside its own. */
function others(id: string): string {
  return Object.entries(t.explore.synonyms)
    .filter(([part]) => new RegExp(part).test(id))
    .map(([, words]) => words)
    .join(" ");
}

/** Those that have every word, and those that are shown, which come first: there they can be taken away again. */
export function matching(all: Mine[], search: string, isShown: (metric: Mine) => boolean): Mine[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const isFound = (metric: Mine): boolean => {
    const text =
      `${metric.id} ${named(metric.id)} ${metric.description ?? ""} ${others(metric.id)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return all
    .filter((metric) => isShown(metric) || isFound(metric))
    .toSorted((a, b) => Number(isShown(b)) - Number(isShown(a)));
}
