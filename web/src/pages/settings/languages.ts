/** The languages in which numbers and dates can be written: those that this browser knows, by their own names. */
const WANTED = ["de", "en-GB", "en-US", "es", "fr", "it", "ja", "nl", "pl", "pt-BR", "sv"];

export interface Language {
  tag: string;
  name: string;
}

/** What is offered; the one that is set is among them, whatever it is. */
export function languages(set: string | null | undefined): Language[] {
  const known = Intl.NumberFormat.supportedLocalesOf(WANTED);
  const tags = set && !known.includes(set) ? [set, ...known] : known;
  return tags.map((tag) => ({ tag, name: nameOf(tag) }));
}

/** A language by the name that its speakers give it; of what is no language, its tag. */
function nameOf(tag: string): string {
  try {
    const name = new Intl.DisplayNames([tag], { type: "language" }).of(tag) ?? tag;
    return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
  } catch {
    return tag;
  }
}
