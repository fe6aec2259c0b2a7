/** One day of a chart of days. */
export interface Day {
  date: string;
  value: number | null;
  coverage?: number | null | undefined;
  reason?: string | null | undefined;
  shares?: { source: string; value: number }[] | undefined;
}
