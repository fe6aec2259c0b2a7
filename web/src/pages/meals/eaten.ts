/** Meals as they are typed, shown and eaten again. */
import type { Schemas } from "../../api/client";
import { clock, quantity } from "../../parts/format";
import { startOfDay } from "../../parts/time";
import { t } from "../../words/words";

export type Meal = Schemas["MealAnswer"];
export type MealType = Schemas["MealType"];
export type Favourite = Schemas["FavouriteAnswer"];
export type Amounts = Schemas["Amounts"];

const MINUTE_MS = 60_000;

/** Each amount with the metric that the day counts it under, in the order in which people read them. */
export const AMOUNTS: { member: keyof Amounts; metric: string; unit: string }[] = [
  { member: "calories", metric: "dietary_energy_consumed", unit: "kcal" },
  { member: "carbs_grams", metric: "dietary_carbohydrates", unit: "g" },
  { member: "protein_grams", metric: "dietary_protein", unit: "g" },
  { member: "fat_grams", metric: "dietary_fat_total", unit: "g" },
  { member: "fibre_grams", metric: "dietary_fiber", unit: "g" },
  { member: "sugar_grams", metric: "dietary_sugar", unit: "g" },
  { member: "sodium_mg", metric: "dietary_sodium", unit: "mg" },
  { member: "water_intake_ml", metric: "dietary_water", unit: "mL" },
];

/** What was in something, as one line; empty where nothing is known. */
export function contents(amounts: Amounts): string {
  const known = AMOUNTS.flatMap(({ member, unit }) => {
    const value = amounts[member];
    if (value === null || value === undefined) return [];
    const text = quantity(value, unit);
    return [member === "calories" ? text : t.meals.with(t.meals.amounts[member], text)];
  });
  return known.join(" · ");
}

/** What something is called: in the person's words, or by its kind. */
export function titleOf(meal: Pick<Meal, "meal_description" | "meal_type">): string {
  return meal.meal_description || (meal.meal_type ? t.meals.types[meal.meal_type] : t.meals.unnamed);
}

/** The clock time of an instant in a zone, in minutes after midnight; of UTC in an unknown zone. */
export function minutesIn(at: number, zone: string): number {
  const format = (timeZone: string): string =>
    new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(at);
  let text: string;
  try {
    text = format(zone);
  } catch {
    text = format("UTC");
  }
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}

/** The instant of a clock time on a local day; on a day of a clock change the one that the clock shows. */
export function instantOf(day: string, minutes: number, zone: string): number {
  const guess = startOfDay(day, zone) + minutes * MINUTE_MS;
  return guess + (minutes - minutesIn(guess, zone)) * MINUTE_MS;
}

/** The clock time of a meal in a zone, as people read it. */
export function eatenAt(meal: Pick<Meal, "logged_at">, zone: string): string {
  return clock(minutesIn(Date.parse(meal.logged_at), zone));
}

/** When a meal is eaten again on a day: at the same time of day, but not in the future. */
export function againAt(meal: Pick<Meal, "logged_at">, day: string, zone: string, now: number): string {
  const minutes = minutesIn(Date.parse(meal.logged_at), zone);
  return new Date(Math.min(instantOf(day, minutes, zone), now)).toISOString();
}

/** The meal that is usual at a time of day. */
export function usualAt(minutes: number): MealType {
  const hour = minutes / 60;
  if (hour >= 5 && hour < 10.5) return "breakfast";
  if (hour >= 11.5 && hour < 14.5) return "lunch";
  if (hour >= 17.5 && hour < 21.5) return "dinner";
  return "snack";
}

/** What was typed as an amount; nothing when nothing was typed. */
export function typed(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}
