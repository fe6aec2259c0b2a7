/** What a goal can be about, and how its values are typed and read. */
import type { Schemas } from "../../api/client";
import { clock, converted, entered, number, quantity, unitName } from "../../parts/format";

export type Goal = Schemas["GoalAnswer"];
export type GoalType = Schemas["GoalType"];

/** How a value is typed: in the person's unit, as hours, or as a time of day. */
export type Typed = "amount" | "hours" | "clock";

export interface Choice {
  /** The name of a daily value for the API. */
  metric: string;
  type: GoalType;
  unit: string;
  typed: Typed;
}

/** What is measured and people set goals for, in the order in which they are offered. */
export const CHOICES: Choice[] = [
  { metric: "steps", type: "more_exercise", unit: "1", typed: "amount" },
  { metric: "exercise", type: "more_exercise", unit: "min", typed: "amount" },
  { metric: "active_energy", type: "more_exercise", unit: "kcal", typed: "amount" },
  { metric: "distance", type: "more_exercise", unit: "m", typed: "amount" },
  { metric: "sleep_duration", type: "better_sleep", unit: "min", typed: "hours" },
  { metric: "bedtime", type: "better_sleep", unit: "min", typed: "clock" },
  { metric: "body_mass", type: "weight_loss", unit: "kg", typed: "amount" },
  { metric: "resting_heart_rate", type: "more_exercise", unit: "/min", typed: "amount" },
  { metric: "blood_pressure_systolic", type: "blood_pressure", unit: "mm[Hg]", typed: "amount" },
  { metric: "blood_glucose", type: "blood_glucose", unit: "mg/dL", typed: "amount" },
];

export function choiceOf(metric: string | null | undefined): Choice | undefined {
  return CHOICES.find((choice) => choice.metric === metric);
}

/** A value of the API as it is typed. */
export function asTyped(value: number | null | undefined, choice: Choice): string {
  if (value === null || value === undefined) return "";
  if (choice.typed === "clock") {
    const minutes = ((Math.round(value) % 1440) + 1440) % 1440;
    return `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
  }
  const amount = choice.typed === "hours" ? value / 60 : converted(value, choice.unit);
  return String(Math.round(amount * 100) / 100);
}

const pad = (part: number): string => String(part).padStart(2, "0");

/** What was typed as a value of the API; nothing when nothing was typed. */
export function fromTyped(text: string, choice: Choice): number | null {
  if (text.trim() === "") return null;
  if (choice.typed === "clock") {
    const [hours = 0, minutes = 0] = text.split(":").map(Number);
    return hours * 60 + minutes;
  }
  const amount = Number(text);
  return choice.typed === "hours" ? amount * 60 : entered(amount, choice.unit);
}

/** The unit in which a value is typed. */
export function typedUnit(choice: Choice): string {
  return choice.typed === "hours" ? "h" : choice.typed === "clock" ? "" : unitName(choice.unit);
}

/** A value of a goal as the person reads it. */
export function shownValue(value: number, goal: Pick<Goal, "metric" | "unit">): string {
  if (goal.metric === "bedtime") return clock(value);
  const unit = goal.unit ?? "";
  if (unit === "1") return number(value);
  return goal.metric ? quantity(value, unit) : `${number(value, 2)} ${unit}`.trim();
}
