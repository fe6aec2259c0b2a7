/** The words of the person's language. */
import { en, type Words } from "./en";

const languages: Record<string, Words> = { en };

function chosen(): Words {
  // Tests of words alone run where there is no navigator.
  const wanted = "navigator" in globalThis ? navigator.languages : [];
  for (const tag of wanted) {
    const found = languages[tag.split("-")[0] ?? ""];
    if (found) return found;
  }
  return en;
}

export const t: Words = chosen();

/** A reason code of the API in words; an unknown code is shown as it is, never hidden. */
export function reason(code: string | null | undefined): string {
  if (!code) return t.reasons["no_data"] ?? "";
  return t.reasons[code] ?? code.replaceAll("_", " ");
}

/** What the API says in a fragment, as a sentence of its own. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?…]$/.test(trimmed) ? "" : ".");
}

/** The name of a metric or measure; what has no name of its own is its id with spaces. */
export function named(id: string): string {
  const known = t.measures[id];
  if (known) return known;
  const words = id.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
