// What a hand or a keyboard does with the charts: spans that are measured, nights that are brushed, values that are
// opened, two series that are compared; and the two people of the demo, who are apart.
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findings, launch, open, refusals, settled, signIn } from "./browser";
import { api, type Server, start } from "./server";

let demo: Server;
let browser: Browser;

beforeAll(async () => {
  demo = await start("--demo");
  browser = await launch();
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
  const raster = page.locator("section.sheet", { hasText: "The last 90 nights" }).locator("[role=slider]");
  await raster.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("m");
  for (let step = 0; step < 9; step++) await page.keyboard.press("ArrowLeft");
  const said = await text(raster);
  expect(said).toMatch(/\d+ nights on 10 days, asleep .* midpoint .*; the other nights: asleep/);
  expect(await findings(page)).toEqual([]);
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
  const value = /Heart rate ([\d.]+) \/min/.exec(said)?.[1] ?? "none";
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
  const print = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
  effects.forEach((effect: any, index: number) => {
    if (effect.estimate === null) return;
    expect(shown[index]?.[1], `lag ${effect.lag_days}`).toBe(print.format(effect.estimate));
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
