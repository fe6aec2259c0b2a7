// A person walks through every page, again and again, with the limits that everybody has; and comes as close as a single
// beat, from years.
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pages } from "./addresses";
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
    if (levels.has("1h"))
      await near
        .last()
        .waitFor({ timeout: 5000 })
        .catch(() => undefined);
    if ((await near.count()) > 0) {
      await near.last().click();
      await settled(page);
      continue;
    }
    const level = /\((raw|1m|5m|1h|1d)\)/.exec((await line.textContent()) ?? "")?.[1];
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
  expect([...levels], "days, then hours").toEqual(["1d", "1h"]);
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
    const farthest = days
      .flatMap((day: any) => day.contributing.map((one: any) => ({ ...one, date: day.date })))
      .toSorted((a: any, b: any) => Math.abs(b.robust_z) - Math.abs(a.robust_z))[0];
    await facts
      .first()
      .getByRole("button", { name: /^Show me/ })
      .click();
    await expect.poll(() => page.getByLabel("Choose a day").inputValue()).toBe(farthest.date);
  }
  expect(await page.evaluate(() => localStorage.getItem("looked"))).toBe(now);
  expect(complaints).toEqual([]);
  await context.close();
});
