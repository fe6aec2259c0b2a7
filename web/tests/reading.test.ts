// What people read: the same figure is the same on every page, marks of charts stand apart and whole on a phone, and what
// is not there says why in words.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quantity, readAs } from "../src/parts/format";
import { en } from "../src/words/en";
import { addressOf, WORKOUT } from "./addresses";
import { launch, open, refusals, settled, signIn, type Watched } from "./browser";
import { api, type Server, start } from "./server";

let demo: Server;
let browser: Browser;
let seen: Watched;
let get: (path: string) => Promise<any>;
const ZONE = "Europe/Berlin";

beforeAll(async () => {
  demo = await start("--demo");
  browser = await launch();
  get = await api(demo);
  readAs("metric", "en-US");
  // Clock times of twelve hours are the longest marks.
  seen = await open(browser, demo.address, { locale: "en-US", viewport: { width: 1440, height: 1200 } });
  await signIn(seen.page, demo.address, demo.demo ?? { email: "", password: "" });
});

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  expect(refusals).toEqual([]);
});

async function at(path: string): Promise<Page> {
  await seen.page.goto(demo.address + (await addressOf(path, get)));
  await settled(seen.page);
  return seen.page;
}

/** The text of a figure of the page by its label. */
const figure = (page: Page, label: string): Promise<string | null> =>
  page
    .locator(".figure", { has: page.getByText(label, { exact: true }) })
    .first()
    .locator(".value")
    .textContent();

const today = (): string =>
  new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, dateStyle: "short" }).format(new Date());

test("regularity and midpoint are the same figures on both of their pages", async () => {
  const labels = [en.measures["sleep_regularity_index"] ?? "", en.measures["sleep_minutes_midpoint"] ?? ""];
  const read = async (path: string): Promise<(string | null)[]> => {
    const page = await at(path);
    return Promise.all(labels.map((label) => figure(page, label)));
  };
  const [sleep, rhythm] = [await read("/sleep"), await read("/rhythm")];
  expect(sleep).toEqual(rhythm);
  expect(sleep[0]).toMatch(/^\d+$/);
  expect(sleep[1]).toMatch(/^\d+:\d\d\s[AP]M$/);
});

test("what beats say of a night is shown, and what no device states is said to be that", async () => {
  const page = await at("/heart");
  const titles = await page.locator("section.sheet h2").allTextContents();
  expect(titles.join("\n")).toContain(en.measures["beats_rmssd_asleep"]);
  const missing = page.locator("section.sheet", { hasText: en.heart.missing });
  expect(await missing.textContent()).toContain(en.measures["hrv_rmssd_asleep"]);
  expect(await missing.textContent()).toContain(en.heart.never["no_samples_asleep"]);
  expect(await missing.textContent()).not.toContain("this day");
});

test("the mean of days is that of days that are over", async () => {
  const page = await at("/activity");
  const from = new Date(Date.parse(today()) - 29 * 86_400_000).toISOString().slice(0, 10);
  const { data } = await get(`/summaries/daily?start=${from}&end=${today()}&include=activity`);
  const steps = data.flatMap((day: any) => day.activity?.steps?.value ?? []);
  const mean = steps.reduce((sum: number, one: number) => sum + one, 0) / steps.length;
  expect(await figure(page, en.activity.mean)).toBe(quantity(mean, "1"));
});

test("a year of days is weeks that are called weeks, and its mean is one of days", async () => {
  const page = await at("/activity");
  await page.getByRole("button", { name: en.ranges.year, exact: true }).click();
  await settled(page);
  const label = await page.locator("[role=slider]").first().getAttribute("aria-label");
  expect(label).toMatch(/\d+ weeks, each the mean of its days/);
  const from = new Date(Date.parse(today()) - 364 * 86_400_000).toISOString().slice(0, 10);
  const { data } = await get(`/summaries/daily?start=${from}&end=${today()}&include=activity`);
  const steps = data.flatMap((day: any) => day.activity?.steps?.value ?? []);
  const mean = steps.reduce((sum: number, one: number) => sum + one, 0) / steps.length;
  expect(await figure(page, en.activity.mean)).toBe(quantity(mean, "1"));
});

test("samples of sleep are read by the names of their stages", async () => {
  const page = await at("/sleep");
  await page.locator(".figure", { hasText: en.sleep.asleep }).first().click();
  const lens = page.locator("dialog[open]");
  await lens.locator("tbody tr").first().waitFor();
  const cells = await lens.locator("tbody td.number").allTextContents();
  expect(cells.length).toBeGreaterThan(5);
  for (const cell of cells) expect(Object.values(en.stages)).toContain(cell.trim());
  await page.keyboard.press("Escape");
});

test("a page of the server says to a plain person whose it is", async () => {
  const page = await at("/admin");
  await page.getByText(en.admin.only).waitFor();
  expect(await page.getByRole("button", { name: en.state.retry }).count()).toBe(0);
  await page.goto(`${demo.address}/workouts/00000000-0000-4000-8000-000000000000`);
  await page.getByRole("alert").waitFor();
  expect(await page.getByRole("button", { name: en.state.retry }).count()).toBe(0);
});

test("days without an insight are not asked for", async () => {
  const absent: string[] = [];
  const listen = (response: { status: () => number; url: () => string }): void => {
    if (response.status() === 404) absent.push(response.url());
  };
  seen.page.on("response", listen);
  for (const path of ["/", "/insights"]) await at(path);
  seen.page.off("response", listen);
  expect(absent).toEqual([]);
});

/** Marks of a chart that are cut off or lie upon each other, as pairs of their texts. */
const untidy = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    for (const svg of document.querySelectorAll("main .plot svg")) {
      const paper = svg.getBoundingClientRect();
      const marks = [...svg.querySelectorAll("text")].map((one) => ({
        text: one.textContent?.trim() ?? "",
        box: one.getBoundingClientRect(),
      }));
      marks.forEach(({ text, box }, index) => {
        if (box.left < paper.left - 1 || box.right > paper.right + 1) found.push(`cut off: ${text}`);
        for (const other of marks.slice(index + 1)) {
          const wide = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
          const high = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
          // Line boxes are higher than letters.
          if (wide > 0.5 && high > 5) found.push(`${text} on ${other.text}`);
        }
      });
    }
    return found;
  });

describe.each([360, 1440])("at %i px", (width) => {
  test.each(["/", "/sleep", "/activity", "/heart", "/rhythm", WORKOUT])(
    "the marks of every chart of %s are whole and apart",
    async (path) => {
      await seen.page.setViewportSize({ width, height: 1000 });
      const page = await at(path);
      expect(await page.locator("main .plot svg text").count()).toBeGreaterThan(3);
      expect(await untidy(page)).toEqual([]);
    },
  );
});
