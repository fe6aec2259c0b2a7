/** An entry of a chart's legend. */
export interface Entry {
  label: string;
  colour: string;
  kind: "area" | "line" | "hatched";
  dash?: string;
}
