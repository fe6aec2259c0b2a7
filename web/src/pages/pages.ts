/** The one table of pages: address, name, and the file that is fetched when it is opened. */
import type { Component } from "svelte";
import { t } from "../words/words";

/** A page; the one whose address ends in `*` takes its argument. */
export type Shown = Component<any>;

export interface Page {
  /** A last segment `*` is the page's argument. */
  path: string;
  title: string;
  /** Who sees it in the list of pages. */
  listed: "everybody" | "administrators" | "nobody";
  load: () => Promise<{ default: Shown }>;
}

const page = (
  path: string,
  title: string,
  load: Page["load"],
  listed: Page["listed"] = "everybody",
): Page => ({
  path,
  title,
  listed,
  load,
});

export const pages: Page[] = [
  page("/", t.pages.today, () => import("./today/Today.svelte")),
  page("/sleep", t.pages.sleep, () => import("./sleep/Sleep.svelte")),
  page("/activity", t.pages.activity, () => import("./activity/Activity.svelte")),
  page("/heart", t.pages.heart, () => import("./heart/Heart.svelte")),
  page("/workouts", t.pages.workouts, () => import("./workouts/Workouts.svelte")),
  page("/workouts/*", t.pages.workout, () => import("./workouts/Workout.svelte"), "nobody"),
  page("/rhythm", t.pages.rhythm, () => import("./rhythm/Rhythm.svelte")),
  page("/explore", t.pages.explore, () => import("./explore/Explore.svelte")),
  page("/lab", t.pages.lab, () => import("./lab/Lab.svelte")),
  page("/insights", t.pages.insights, () => import("./insights/Insights.svelte")),
  page("/goals", t.pages.goals, () => import("./goals/Goals.svelte")),
  page("/meals", t.pages.meals, () => import("./meals/Meals.svelte")),
  page("/data", t.pages.data, () => import("./data/Data.svelte")),
  page("/settings", t.pages.settings, () => import("./settings/Settings.svelte")),
  page("/admin", t.pages.admin, () => import("./admin/Admin.svelte"), "administrators"),
];

/** The page at an address, with the argument in it. */
export function find(path: string): { page: Page; argument?: string } | undefined {
  const trimmed = path.length > 1 ? path.replace(/\/+$/, "") : path;
  for (const page of pages) {
    if (page.path === trimmed) return { page };
    if (!page.path.endsWith("/*")) continue;
    const start = page.path.slice(0, -1);
    const argument = trimmed.startsWith(start) ? trimmed.slice(start.length) : "";
    if (argument && !argument.includes("/")) return { page, argument };
  }
  return undefined;
}
