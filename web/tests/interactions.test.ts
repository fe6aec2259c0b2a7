// What a hand or a keyboard does with the charts: spans that are measured, nights that are brushed, values that are
// opened, two series that are compared; and the two people of the demo, who are apart.
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quantity, readAs, unitOf } from "../src/parts/format";
import { en } from "../src/words/en";
import { findings, launch, open, refusals, settled, signIn } from "./browser";
import { api, type Server, start } from "./server";

let demo: Server;
let browser: Browser;

beforeAll(async () => {
  demo = await start("--demo");
  browser = await launch();
  readAs("metric", "en-GB");
});

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  expect(refusals).toEqual([]);
});

async function at(path: string): Promise<Page> {
  const { page } = await open(browser, demo.address, { viewport: { width: 1440, height: 1200 } });
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  await page.goto(demo.address + path);
  await settled(page);
  return page;
}

const text = (slider: Locator): Promise<string> =>
  slider.getAttribute("aria-valuetext").then((all) => all ?? "");

test("a span of days has the mean of its days, by keys and by shift and drag", async () => {
  const page = await at("/activity");
  const bars = page.locator("[role=slider]").first();
  await bars.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("m");
  for (let step = 0; step < 6; step++) await page.keyboard.press("ArrowLeft");
  const said = await text(bars);
  expect(said).toContain("of 7 days with a value");
  await page.keyboard.press("t");
  const rows = await page
    .locator("section table")
    .first()
    .locator("tbody tr")
    .evaluateAll((all) => all.map((row) => row.children[1]?.textContent ?? ""));
  const values = rows
    .slice(-8, -1)
    .map((one) => Number(one.replaceAll(",", "")))
    .filter((one) => Number.isFinite(one));
  expect(values.length).toBeGreaterThan(3);
  // The table has whole steps, so their mean may be half a step away.
  const mean = Number(/mean ([\d,]+)/.exec(said)?.[1]?.replaceAll(",", ""));
  expect(Math.abs(mean - values.reduce((sum, one) => sum + one, 0) / values.length)).toBeLessThanOrEqual(1);
  expect(said).toContain(`highest ${Math.max(...values).toLocaleString("en-GB")}`);

  await page.getByRole("button", { name: "Chart", exact: true }).first().click();
  const box = await bars.boundingBox();
  if (!box) throw new Error("the bars are not shown");
  await page.keyboard.down("Shift");
  await page.mouse.move(box.x + 200, box.y + 80);
  await page.mouse.down();
  await page.mouse.move(box.x + 500, box.y + 90, { steps: 5 });
  await page.mouse.up();
  await page.keyboard.up("Shift");
  expect(await text(bars)).toMatch(/mean .* of \d+ days with a value/);
  await page.keyboard.press("Escape");
  await page.context().close();
});

test("a block of nights says what it was like beside the others", async () => {
  const page = await at("/sleep");
  const raster = page.locator("section.sheet", { hasText: /The last \d+ nights/ }).locator("[role=slider]");
  await raster.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("m");
  for (let step = 0; step < 9; step++) await page.keyboard.press("ArrowLeft");
  const said = await text(raster);
  expect(said).toMatch(/\d+ nights on 10 days, asleep .* midpoint .*; the other nights: asleep/);
  expect(await findings(page)).toEqual([]);

  // What else was different: first the line breaks, then the means of the API's days.
  await page.route("**/api/v1/days?*", (route) => route.abort());
  await page.getByRole("button", { name: en.sleep.elsewhere }).click();
  const sheet = page.locator("section.sheet", { hasText: /The last \d+ nights/ });
  await sheet.getByRole("alert").getByText(en.state.offline).waitFor();
  await page.unroute("**/api/v1/days?*");
  const asked = page.waitForRequest(/\/api\/v1\/days\?/);
  await sheet.getByRole("button", { name: en.state.retry }).click();
  const query = new URL((await asked).url()).search;
  await sheet.locator("tbody tr").first().waitFor();
  const shown = await sheet
    .locator("tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent?.trim() ?? "")));
  const get = await api(demo);
  const days = await get(`/days${query}`);
  const slept = (await get(`/sleep?start=${days.start}&end=${days.end}`)).data;
  const nights = new Set(slept.filter((night: any) => night.main).map((night: any) => night.date));
  const date = (index: number): string =>
    new Date(Date.parse(days.start) + index * 86_400_000).toISOString().slice(0, 10);
  const block = date((Date.parse(days.end) - Date.parse(days.start)) / 86_400_000 - 10);
  let compared = 0;
  for (const [id, column] of Object.entries<any>(days.metrics)) {
    const known = column.value
      .map((value: number | null, index: number) => ({ value, date: date(index) }))
      .filter((one: any) => one.value !== null && nights.has(one.date));
    const here = known.filter((one: any) => one.date >= block);
    const there = known.filter((one: any) => one.date < block);
    const mean = (all: any[]): string =>
      quantity(all.reduce((sum, one) => sum + one.value, 0) / all.length, unitOf(id, column.unit));
    const row = shown.find(([name]) => name === en.measures[id] || name === nameOf(id));
    if (here.length < 3 || there.length < 3) expect(row, id).toBeUndefined();
    else {
      expect(row?.slice(1), id).toEqual([mean(here), mean(there)]);
      compared += 1;
    }
  }
  expect(compared).toBe(shown.length);
  expect(compared).toBeGreaterThan(3);
  await page.context().close();
});

const nameOf = (id: string): string => {
  const words = id.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};

test("an hour is compared with the middle of the same hours of the days before", async () => {
  const page = await at("/");
  await page.getByRole("button", { name: "Day before" }).click();
  await settled(page);
  const day = await page.getByLabel("Choose a day").inputValue();
  const strip = page.locator("section.sheet", { hasText: "The day on one axis" });
  const slider = strip.locator("[role=slider]");
  // From noon, an hour: the first row that is compared is the heart rate.
  const [first, last] = [144, 155];
  await slider.focus();
  await page.keyboard.press("Home");
  for (let step = 0; step < first / 12; step++) await page.keyboard.press("PageDown");
  await page.keyboard.press("m");
  for (let step = first; step < last; step++) await page.keyboard.press("ArrowRight");
  await page.route("**/api/v1/series/heart_rate?*", (route) => route.abort());
  await strip.getByRole("button", { name: en.chart.compare }).click();
  await strip.getByRole("alert").getByText(en.state.offline).waitFor();
  expect(await strip.textContent()).not.toContain(en.chart.notCompared);
  await page.unroute("**/api/v1/series/heart_rate?*");
  await strip.getByRole("button", { name: en.state.retry }).click();
  const usual = strip.getByRole("button", { name: /^Heart rate, usual/ });
  await usual.waitFor();

  const get = await api(demo);
  const until = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
  const { start } = await get(`/series/heart_rate?start=${day}&end=${until}&resolution=5m`);
  const from = Date.parse(start) + first * 300_000;
  const means: number[] = [];
  for (let back = 1; back <= 28; back++) {
    const [begin, end] = [from - back * 86_400_000, from - back * 86_400_000 + 3_600_000];
    const range = `start=${new Date(begin).toISOString()}&end=${new Date(end).toISOString()}`;
    const { columns } = await get(`/series/heart_rate?${range}&resolution=5m`);
    const values = columns.mean.filter((value: number | null) => value !== null);
    if (values.length > 0)
      means.push(values.reduce((sum: number, one: number) => sum + one, 0) / values.length);
  }
  const sorted = means.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const median =
    sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
  expect(means.length).toBeGreaterThan(13);
  await usual.click();
  const lens = page.locator("dialog[open]");
  await lens.waitFor();
  expect(await lens.locator(".value").textContent()).toBe(quantity(median, "/min{beats}"));
  await page.context().close();
});

test("what was computed around the measurements is marked, and can be hidden", async () => {
  const page = await at("/heart");
  const chart = page.locator("section.sheet", { hasText: "Resting heart rate" }).first();
  const bands = chart.locator("path[fill='var(--usual)']");
  await expect.poll(() => bands.count()).toBeGreaterThan(0);
  await page.getByRole("button", { name: en.chart.onlyMeasured }).click();
  await expect.poll(() => bands.count()).toBe(0);
  expect(await chart.textContent()).not.toContain(en.chart.usual);
  expect(await chart.locator("circle").count()).toBeGreaterThan(0);
  await page.getByRole("button", { name: en.chart.onlyMeasured }).click();
  await expect.poll(() => bands.count()).toBeGreaterThan(0);

  // Days from which another version made the values: a line stands between them.
  const seams = chart.locator("line[stroke-dasharray='1 3'][stroke='var(--soft)'][y2]");
  const before = await seams.count();
  await page.route("**/api/v1/cardio?*", async (route) => {
    const answer = await route.fetch();
    const all = (await answer.json()) as any;
    for (const one of all.data.slice(-10)) one.resting_heart_rate.version += 1;
    await route.fulfill({ response: answer, json: all });
  });
  await page.reload();
  await settled(page);
  await expect.poll(() => seams.count()).toBeGreaterThan(before);
  expect(await chart.textContent()).toContain(en.chart.seam);
  await page.context().close();
});

test("what is behind a number is asked for again when the line broke", async () => {
  const page = await at("/");
  // Today has little to show in the small hours.
  await page.getByRole("button", { name: "Day before" }).click();
  await settled(page);
  await page.route("**/api/v1/health-data?*", (route) => route.abort());
  await page.locator(".figure", { hasText: "Steps" }).first().click();
  const lens = page.locator("dialog[open]");
  await lens.getByRole("alert").getByText(en.state.offline).waitFor();
  expect(await lens.textContent()).not.toContain(en.lens.rawNone);
  expect(await findings(page)).toEqual([]);
  await page.unroute("**/api/v1/health-data?*");
  await lens.getByRole("button", { name: en.state.retry }).click();
  await expect.poll(() => lens.locator("tbody").last().locator("tr").count()).toBeGreaterThan(1);
  await page.context().close();
});

test("on paper the figures and the lines of the charts stay, and what is only pressed goes", async () => {
  const page = await at("/");
  await page.emulateMedia({ media: "print" });
  const visible = (selector: string): Promise<boolean> => page.locator(selector).first().isVisible();
  for (const stays of [".figure .value", "section .line", "section .plot svg"])
    expect(await visible(stays), stays).toBe(true);
  for (const goes of ["nav", ".who button", ".foot button"]) expect(await visible(goes), goes).toBe(false);
  await page.context().close();
});

test("a value of the day's strip opens the samples that it came from", async () => {
  const page = await at("/");
  const strip = page.locator("[role=slider]").first();
  await strip.focus();
  await page.keyboard.press("End");
  for (let step = 0; step < 288 && !(await text(strip)).includes("Heart rate"); step++)
    await page.keyboard.press("ArrowLeft");
  const said = await text(strip);
  await page.keyboard.press("Enter");
  const lens = page.locator("dialog[open]");
  await lens.waitFor();
  const value = /Heart rate ([\d.]+) bpm/.exec(said)?.[1] ?? "none";
  expect(await lens.locator(".value").textContent()).toContain(value);
  await expect.poll(() => lens.locator("tbody tr").count()).toBeGreaterThan(0);
  expect(await lens.textContent()).toContain("Watch");
  await page.context().close();
});

test("two series are compared at seven lags, as the API does", async () => {
  const page = await at("/explore");
  await page.getByText("Does one go with the other?").click();
  const drawer = page.locator("details", { hasText: "Does one go with the other?" });
  const rows = drawer.locator("tbody tr");
  await expect.poll(() => rows.count()).toBe(7);
  const [first, second] = await drawer
    .locator("select")
    .evaluateAll((all) => all.map((one) => (one as HTMLSelectElement).value));
  const zone = "Europe/Berlin";
  const now = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(new Date());
  const from = new Date(Date.parse(now) - 180 * 86_400_000).toISOString().slice(0, 10);
  const get = await api(demo);
  const query = `metric=${second}&exposure=${first}&design=lagged&lags=-3,-2,-1,0,1,2,3&start=${from}&end=${now}`;
  const { effects } = await get(`/trials?${query}`);
  const shown = await rows.evaluateAll((all) =>
    all.map((row) => [...row.children].map((cell) => cell.textContent)),
  );
  const print = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  effects.forEach((effect: any, index: number) => {
    if (effect.estimate === null) return;
    expect(shown[index]?.[1], `lag ${effect.lag_days}`).toBe(print.format(effect.estimate).replace("-", "−"));
  });
  const clear = effects.some((effect: any) => effect.p_adjusted !== null && effect.p_adjusted < 0.05);
  const verdict = await drawer.locator("p[role=status]").textContent();
  expect(verdict?.includes("nothing that stands out"), verdict ?? "").toBe(!clear);
  expect(await findings(page)).toEqual([]);
  await page.context().close();
});

test("a day that differs from the phone's own number says so, and why", async () => {
  const get = await api(demo);
  await expect.poll(async () => (await get("/insights/status")).pending_days, { timeout: 90_000 }).toBe(0);
  const now = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const from = new Date(Date.parse(now) - 91 * 86_400_000).toISOString().slice(0, 10);
  const { data: rows } = await get(`/reconciliation?metrics=active_energy&start=${from}&end=${now}`);
  const differing = rows.filter((row: any) => row.cause !== null);
  expect(differing.length).toBeGreaterThan(0);
  const page = await at("/activity");
  await page.locator("select").first().selectOption("active_energy");
  // The person's whole life, since the day that differs may be long ago.
  await page.getByText("3 months", { exact: true }).click();
  const sheet = page.locator("section.sheet", { hasText: "Beside the phone's own number" });
  const days = sheet.locator("ul button");
  await expect.poll(() => days.count()).toBe(differing.length);
  for (const [index, row] of differing.entries()) {
    await days.nth(index).click();
    await expect.poll(() => days.nth(index).getAttribute("aria-pressed")).toBe("true");
    const told = ((await sheet.textContent()) ?? "").replace(/\s+/g, " ");
    const print = (value: number) =>
      new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 }).format(value);
    expect(told).toContain(`Counted here ${print(row.ours)}`);
    expect(told).toContain(print(row.phone));
    expect(told).toContain(`+${print(row.difference)}`);
    expect(told).toContain("a measurement was deleted in one place and not in the other (1 measurement)");
  }
  // Any other day agrees.
  const equal = rows.findLast((row: any) => row.cause === null);
  await settled(page);
  const bars = page.locator("[role=slider]").first();
  await bars.focus();
  await page.keyboard.press("End");
  for (let step = 0; step < 30 && !(await sheet.textContent())?.includes("Both are the same"); step++) {
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
  }
  await expect.poll(() => sheet.textContent()).toContain("Both are the same");
  expect(equal).toBeDefined();
  expect(await findings(page)).toEqual([]);
  await page.context().close();
});

test("the other person of the demo has devices and days of their own", async () => {
  const kim = demo.other ?? { email: "", password: "" };
  const get = await api(demo, kim);
  await expect.poll(async () => (await get("/insights/status")).pending_days, { timeout: 90_000 }).toBe(0);
  const { page, context } = await open(browser, demo.address);
  await signIn(page, demo.address, kim);
  await page.goto(`${demo.address}/data`);
  await settled(page);
  await expect.poll(() => page.textContent("main#main")).toContain("Kim’s Watch");
  expect(await page.textContent("main#main")).not.toContain("Robin");
  // What is Robin's does not exist for Kim.
  const robin = await api(demo);
  const workout = (await robin("/workouts?limit=1")).data[0].id as string;
  await expect(get(`/workouts/${workout}`)).rejects.toThrow("404");
  await context.close();
});
