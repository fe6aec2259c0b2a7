/** Why a total differs from the phone's own number, in words: one cause, or two that only together explain it. */
import type { Schemas } from "../api/client";
import type { Words } from "../words/en";

type Row = Pick<Schemas["Reconciled"], "cause" | "about" | "samples" | "second">;
type One = Pick<Row, "cause" | "about" | "samples">;
type Said = Pick<Words["activity"], "causes" | "aboutSamples">;

export function causesOf(row: Row, words: Said): string[] {
  const all: (One | null | undefined)[] = [row, row.second];
  return all.flatMap((one) => (one?.cause ? [sentence(one, one.cause, words)] : []));
}

function sentence(one: One, cause: NonNullable<One["cause"]>, words: Said): string {
  const about = one.about ?? (one.samples ? words.aboutSamples(one.samples) : undefined);
  const why = words.causes[cause];
  return about ? `${why} (${about})` : why;
}
