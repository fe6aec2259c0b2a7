// A person walks through every page, again and again, with the limits that everybody has; and comes as close as a single
// beat, from years.
import { readFile } from "node:fs/promises";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { splitsOf, wayOf } from "../src/pages/workouts/route";
import { quantity, readAs } from "../src/parts/format";
import { en } from "../src/words/en";
import { pages } from "./addresses";
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

const text = (slider: Locator): Promise<string> =>
  slider.getAttribute("aria-valuetext").then((all) => all ?? "");

test("three rounds through all pages, each opened anew and then by its link, refuse nothing", async () => {
  const { context, page, complaints } = await open(browser, demo.address, {
    viewport: { width: 1440, height: 1000 },
  });
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  let asked = 0;
  page.on("request", () => (asked += 1));
  for (let round = 0; round < 3; round++) {
    for (const path of pages) {
      await page.goto(demo.address + path);
      await settled(page);
    }
    for (const path of pages) {
      await page.click(`nav a[href='${path}']`);
      await settled(page);
    }
  }
  expect(asked).toBeGreaterThan(100);
  console.log(`three rounds through ${pages.length} pages: ${asked} requests, none refused`);
  expect(complaints).toEqual([]);
  await context.close();
});

test("one gesture leads from years to a single beat, and back", async () => {
  const get = await api(demo);
  const now = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const ecg = (await get(`/cardio/ecgs?end=${now}&limit=1`)).data[0];
  const { context, page, complaints } = await open(browser, demo.address, {
    viewport: { width: 1440, height: 1400 },
  });
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  await page.goto(`${demo.address}/explore`);
  await settled(page);
  await page.getByRole("group", { name: "Range" }).getByText("5 years").click();
  await settled(page);
  const plot = page.locator("section.sheet", { hasText: "Heart rate" }).first().locator(".plot");
  const levels = new Set<string>();
  // The wheel with Ctrl comes closer to what is under the pointer.
  const box = await plot.boundingBox();
  if (!box) throw new Error("the heart rate is not shown");
  const line = page.locator(".line").first();
  await page.mouse.move(box.x + box.width - 8, box.y + 60);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -400);
  await page.keyboard.up("Control");
  await page.mouse.move(5, 5);
  await page.getByRole("button", { name: "Back to the whole" }).waitFor();
  // The keys come closer to the value under the cursor: the last one.
  for (let step = 0; step < 60; step++) {
    const own = page.locator("section.sheet", { hasText: "Electrocardiogram" }).locator("[role=slider]");
    if ((await own.count()) > 0) break;
    const near = page.getByRole("button", { name: /^Electrocardiogram, / });
    // What was recorded beat by beat is listed as soon as two weeks are in view.
    if (levels.has("of an hour"))
      await near
        .last()
        .waitFor({ timeout: 5000 })
        .catch(() => undefined);
    if ((await near.count()) > 0) {
      await near.last().click();
      await settled(page);
      continue;
    }
    const level = /each (as it was measured|of a minute|of five minutes|of an hour|of a day)/.exec(
      (await line.textContent()) ?? "",
    )?.[1];
    if (level) levels.add(level);
    await plot.focus();
    await page.keyboard.press("End");
    await page.keyboard.press("+");
    await page.keyboard.press("Escape");
    await settled(page);
  }
  const trace = page
    .locator("section.sheet", { has: page.getByRole("heading", { name: /^Electrocardiogram/ }) })
    .locator("[role=slider]");
  await trace.first().waitFor();
  expect([...levels], "days, then hours").toEqual(["of a day", "of an hour"]);
  const wide = Number(await trace.first().getAttribute("aria-valuemax"));
  expect(wide, "all voltages").toBeGreaterThan(ecg.voltages - 10);
  // Closer, to one beat.
  for (let step = 0; step < 6; step++) {
    await trace.first().focus();
    await page.keyboard.press("+");
    await settled(page);
  }
  const close = Number(await trace.first().getAttribute("aria-valuemax"));
  expect(close).toBeLessThan(ecg.sampling_hz * 1.2);
  expect(close).toBeGreaterThan(ecg.sampling_hz * 0.3);
  await trace.first().focus();
  await page.keyboard.press("ArrowRight");
  expect(await text(trace.first())).toContain("mV");
  expect(await findings(page)).toEqual([]);
  await page.getByRole("button", { name: "Back to the whole" }).click();
  await settled(page);
  expect(
    await page.locator("section.sheet", { hasText: "Electrocardiogram" }).locator("[role=slider]").count(),
  ).toBe(0);
  expect(complaints).toEqual([]);
  await context.close();
});

test("an electrocardiogram and beats are drawn from their documents, value by value", async () => {
  const get = await api(demo);
  const { context, page, complaints } = await open(browser, demo.address, {
    viewport: { width: 1440, height: 1200 },
  });
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  await page.goto(`${demo.address}/heart`);
  await settled(page);
  await page
    .getByRole("button", { name: /^Trace of the electrocardiogram/ })
    .first()
    .click();
  await settled(page);
  const trace = page.locator("li [role=slider]").first();
  await trace.waitFor();
  const newest = (await get("/cardio/ecgs?limit=1")).data[0];
  const document = await get(`/cardio/ecgs/${newest.id}`);
  expect(Number(await trace.getAttribute("aria-valuemax"))).toBe(document.voltage_uv.length - 1);
  await trace.focus();
  await page.keyboard.press("Home");
  const print = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 3 });
  for (const index of [0, 1, 2]) {
    expect(await text(trace)).toContain(`${print.format(document.voltage_uv[index] / 1000)} mV`);
    await page.keyboard.press("ArrowRight");
  }
  expect(await findings(page)).toEqual([]);

  await page
    .getByRole("button", { name: /^Trace of the beats/ })
    .first()
    .click();
  await settled(page);
  const beats = page.locator("li [role=slider]").first();
  await beats.waitFor();
  const series = (await get("/cardio/beats?limit=1")).data[0];
  const { beat_ms: at } = await get(`/cardio/beats/${series.id}`);
  await beats.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
  expect(await text(beats)).toContain(`${whole.format(at[1] - at[0])} ms`);
  expect(complaints).toEqual([]);
  await context.close();
});

test("what changed is at most three facts of the API, and each shows its day", async () => {
  const get = await api(demo);
  const { context, page, complaints } = await open(browser, demo.address, {
    viewport: { width: 1440, height: 1200 },
  });
  await context.addInitScript(() => {
    // A visit three weeks ago.
    const before = new Date(Date.now() - 21 * 86_400_000).toISOString().slice(0, 10);
    if (!sessionStorage.getItem("once")) localStorage.setItem("looked", before);
    sessionStorage.setItem("once", "1");
  });
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  await page.goto(demo.address);
  await settled(page);
  const sheet = page.locator("section.sheet", { hasText: "Since you last looked" });
  await sheet.waitFor();
  const zone = "Europe/Berlin";
  const now = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(new Date());
  const from = await page.evaluate(() => new Date(Date.now() - 21 * 86_400_000).toISOString().slice(0, 10));
  const { data: days } = await get(`/anomalies?start=${from}&end=${now}`);
  const measures = new Set(days.flatMap((day: any) => day.contributing.map((one: any) => one.measure)));
  const facts = sheet.locator("li");
  expect(await facts.count()).toBe(Math.min(3, measures.size));
  if (measures.size === 0) expect(await sheet.textContent()).toContain("Nothing notable");
  else {
    const all: any[] = days.flatMap((day: any) =>
      day.contributing.map((one: any) => ({ ...one, date: day.date })),
    );
    all.sort((a, b) => Math.abs(b.robust_z) - Math.abs(a.robust_z));
    const farthest = all.filter(
      (one, index) => all.findIndex((other) => other.measure === one.measure) === index,
    );
    const newest = farthest
      .slice(0, 3)
      .map((one) => one.date as string)
      .toSorted()
      .at(-1);
    await facts
      .first()
      .getByRole("button", { name: /^Show me/ })
      .click();
    await expect.poll(() => page.getByLabel("Choose a day").inputValue()).toBe(newest);
  }
  expect(await page.evaluate(() => localStorage.getItem("looked"))).toBe(now);
  expect(complaints).toEqual([]);
  await context.close();
});

async function at(path: string): Promise<Page> {
  const { page } = await open(browser, demo.address, { viewport: { width: 1440, height: 1200 } });
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  await page.goto(demo.address + path);
  await settled(page);
  return page;
}

/** The cells of a table, row by row. */
const cells = (rows: Locator): Promise<string[][]> =>
  rows.evaluateAll((all) =>
    all.map((row) =>
      [...row.children].map((cell) => cell.querySelector("time")?.dateTime ?? cell.textContent?.trim() ?? ""),
    ),
  );

test("a workout is found in its month, and its zones, kilometres and heights are those of the API", async () => {
  const get = await api(demo);
  const all = (await get("/workouts?limit=100")).data;
  const details = await Promise.all(all.slice(0, 12).map((one: any) => get(`/workouts/${one.id}`)));
  const run = details.find((one) => one.routes.length > 0);
  expect(run).toBeDefined();
  const page = await at("/workouts");
  const month = (instant: string): string =>
    new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" }).format(
      new Date(`${instant.slice(0, 10)}T00:00:00Z`),
    );
  const link = page.locator(`table a[href='/workouts/${run.id}']`);
  for (let back = 0; back < 4 && (await link.count()) === 0; back++) {
    await page.getByRole("button", { name: en.workouts.monthBefore }).click();
    await settled(page);
  }
  expect(await page.locator("section.sheet h2").first().textContent()).toBe(month(run.start));
  await link.click();
  await page.waitForURL(`**/workouts/${run.id}`);
  await settled(page);

  const { zones } = await get(`/workouts/${run.id}/effort`);
  const sheet = page.locator("section.sheet", { hasText: en.workouts.zones });
  if (zones.minutes === null) {
    // Not the words of the API, which name what a request could give.
    expect(await sheet.textContent()).toContain(en.workouts.needsBirth);
    expect(await sheet.textContent()).not.toMatch(/ has 0|_/);
    expect(await sheet.getByRole("link").getAttribute("href")).toBe("/settings");
  } else {
    const rows = await cells(sheet.locator("tbody tr"));
    expect(rows.map((row) => row.at(-1))).toEqual(zones.minutes.map((one: number) => quantity(one, "min")));
    expect(await sheet.textContent()).toContain(`version ${zones.version}`);
  }
  const [route] = run.routes;
  const splits = await cells(
    page.locator("section.sheet", { hasText: en.workouts.kilometres }).locator("tbody tr"),
  );
  const { scale } = wayOf(run.routes, run);
  const way = splitsOf(route, 1000, scale);
  // The kilometres add up to the distance that the page says at its head.
  const metres = way.reduce((sum, one) => sum + one.metres, 0);
  expect(Math.abs(metres - run.distance_m) / run.distance_m).toBeLessThan(0.005);
  expect(splits.length).toBe(way.length);
  const elapsed = (text = ""): number => {
    const [minutes = 0, seconds = 0] = text.split(":").map(Number);
    return minutes * 60 + seconds;
  };
  const sum = splits.reduce((all, row) => all + elapsed(row[1]), 0);
  expect(Math.abs(sum - way.reduce((all, one) => all + (one.to - one.from) / 1000, 0))).toBeLessThan(
    splits.length,
  );
  const heights = route.elevation_m.filter((one: number | null) => one !== null);
  const strip = page
    .locator("section.sheet")
    .filter({ has: page.locator("[role=slider]") })
    .first();
  if (heights.length > 0) expect(await strip.textContent()).toContain(en.workouts.elevation);
  expect(await findings(page)).toEqual([]);
  await page.context().close();
});

test("metrics on one axis, apart by source, beside the period before, spread, linked and saved", async () => {
  const get = await api(demo);
  const page = await at("/explore");
  const main = page.locator("main#main");
  await page.getByRole("button", { name: en.explore.layouts.together }).click();
  await page.getByRole("heading", { name: en.explore.together }).waitFor();
  await settled(page);
  const slider = page.locator("[role=slider]").first();
  await slider.focus();
  await page.keyboard.press("PageUp");
  expect(await text(slider)).toMatch(/Heart rate .* · Steps /);
  expect(await findings(page)).toEqual([]);

  // A picture of it in both forms, without anything asked of the server.
  const [svg] = await Promise.all([
    page.waitForEvent("download"),
    page
      .getByRole("button", { name: en.chart.saveAs("SVG") })
      .first()
      .click(),
  ]);
  const drawn = await readFile((await svg.path()) ?? "", "utf8");
  expect(drawn).toContain(en.explore.together);
  expect(drawn).not.toContain("var(--");
  const [png] = await Promise.all([
    page.waitForEvent("download"),
    page
      .getByRole("button", { name: en.chart.saveAs("PNG") })
      .first()
      .click(),
  ]);
  const image = await readFile((await png.path()) ?? "");
  expect(image.subarray(1, 4).toString()).toBe("PNG");
  expect(image.length).toBeGreaterThan(3000);

  await page.getByRole("button", { name: en.explore.layouts.stacked }).click();
  await page.getByRole("button", { name: en.explore.sourcesAre.apart }).click();
  await settled(page);
  const { sources } = await get("/sources?metric=step_count").then((all: any) => ({
    sources: all.data.map((one: any) => one.name as string),
  }));
  const titles = await page.locator("h2").allTextContents();
  const apart = titles.filter((title) => title.includes("Steps, "));
  expect(apart.length).toBeGreaterThan(1);
  for (const title of apart)
    expect(
      sources.some((name: string) => title.includes(name)),
      title,
    ).toBe(true);
  // Levels are apart as well, source by source.
  expect(titles.filter((title) => title.includes("Heart rate, ")).length).toBeGreaterThan(0);
  await page.getByRole("button", { name: en.explore.sourcesAre.merged }).click();

  await page.getByRole("button", { name: en.explore.besides.before }).click();
  await settled(page);
  expect(await main.textContent()).toContain("Heart rate beside the period before");
  expect(await page.locator("p", { hasText: `${en.explore.periodBefore}:` }).count()).toBe(2);
  expect(await findings(page)).toEqual([]);

  await page.getByRole("button", { name: "Month", exact: true }).click();
  await page.getByRole("button", { name: en.explore.besides.shape }).click();
  await settled(page);
  const spread = page.locator("section.sheet", { hasText: "Steps: how often" });
  await spread.locator("[role=slider]").focus();
  await page.keyboard.press("t");
  const counted = (await cells(spread.locator("tbody tr"))).reduce((sum, row) => sum + Number(row[1]), 0);
  const week = page.locator("section.sheet", { hasText: "Steps by day of the week" });
  await week.locator("[role=slider]").focus();
  await page.keyboard.press("t");
  const byDay = (await cells(week.locator("tbody tr"))).reduce((sum, row) => sum + Number(row[3]), 0);
  const zone = "Europe/Berlin";
  const day = (at: number): string =>
    new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(at);
  const now = Date.now();
  const query = `metrics=step_count&start=${day(now - 29 * 86_400_000)}&end=${day(now + 86_400_000)}`;
  const { metrics } = await get(`/days?${query}`);
  // Today is not over and has no total yet.
  const known = metrics.step_count.value.slice(0, -1).filter((one: number | null) => one !== null).length;
  expect([counted, byDay]).toEqual([known, known]);
  expect(await findings(page)).toEqual([]);

  await page.getByRole("button", { name: en.explore.link, exact: true }).click();
  const link = (await page.locator("code").first().textContent()) ?? "";
  expect(link).toBe(`${demo.address}/explore#show=heart_rate+step_count&range=month`);
  await page.goto("about:blank");
  await page.goto(link.replace("heart_rate+step_count", "step_count"));
  await settled(page);
  expect(await page.locator("[role=slider]:visible").count()).toBe(1);
  expect(new URL(page.url()).hash, "the address is plain again").toBe("");
  await page.context().close();
});

test("two daily values are a cloud of the days that have both", async () => {
  const page = await at("/explore");
  await page.getByText(en.explore.hypothesis).click();
  const cloud = page.locator("section.sheet", { hasText: en.explore.scatter }).last();
  await cloud.locator("[role=slider]").waitFor();
  const points = await cloud.locator("circle").count();
  expect(points).toBeGreaterThan(20);
  const label = (await cloud.locator("[role=slider]").getAttribute("aria-label")) ?? "";
  expect(label).toContain(`${points} days`);
  expect(label).toContain(en.explore.caution);
  await page.context().close();
});

test("the actogram has sleep, light and zones, and comes closer to some days", async () => {
  const get = await api(demo);
  const page = await at("/rhythm");
  const sheet = page.locator("section.sheet", { hasText: en.rhythm.actogram }).first();
  const slider = sheet.locator("[role=slider]");
  await slider.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("m");
  for (let step = 0; step < 6; step++) await page.keyboard.press("ArrowLeft");
  expect(await text(slider)).toContain("of 7 days with a value");
  await sheet.getByRole("button", { name: en.rhythm.onlyThese }).click();
  await expect.poll(() => slider.getAttribute("aria-valuemax")).toBe("6");
  await sheet.getByRole("button", { name: en.rhythm.allDays }).click();
  await slider.focus();
  await page.keyboard.press("t");
  expect(await sheet.locator("thead th").allTextContents()).toEqual([
    "Day",
    "Steps",
    "Asleep",
    "Light",
    "Time zone",
  ]);
  const rows = await cells(sheet.locator("tbody tr"));
  const [first, last] = [rows[0]?.[0] ?? "", rows.at(-1)?.[0] ?? ""];
  const nights = (await get(`/sleep?start=${first}&end=${last}`)).data;
  let compared = 0;
  for (const night of nights) {
    const row = rows.find(([date]) => date === night.date);
    expect(row?.[4], night.date).toBe(night.zone);
    if (night.main) expect(row?.[2], night.date).toBe(quantity(night.main.asleep_min, "min"));
    compared += 1;
  }
  expect(compared).toBeGreaterThan(20);
  expect(await findings(page)).toEqual([]);
  await page.context().close();
});

test("a finger drawn over today leads to the day before and back", async () => {
  const { page, context } = await open(browser, demo.address, {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
  });
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  await settled(page);
  const hand = await context.newCDPSession(page);
  const draw = async (from: number, to: number): Promise<void> => {
    const y = 30;
    await hand.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: from, y }] });
    await hand.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x: to, y: y + 3 }] });
    await hand.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
  const picked = page.getByLabel("Choose a day");
  const today = await picked.inputValue();
  const before = new Date(Date.parse(today) - 86_400_000).toISOString().slice(0, 10);
  await draw(60, 260);
  await expect.poll(() => picked.inputValue()).toBe(before);
  await draw(260, 60);
  await expect.poll(() => picked.inputValue()).toBe(today);
  await context.close();
});
