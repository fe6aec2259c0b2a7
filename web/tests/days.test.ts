// Days that are not like others, from generated files whose truth is known: a night that two devices watched, a day of
// 23 hours, a day in another zone; and pages that stay open while things change elsewhere.
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { date, duration, readAs } from "../src/parts/format";
import { exportOf, heartRate, type One, sleep, steps } from "./apple";
import { findings, launch, open, refusals, settled, signIn, type Watched } from "./browser";
import { api, ready, type Server, setUp, start, tokenOf } from "./server";

const ZONE = "Europe/Berlin";
const AWAY = "America/New_York";
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const ada = { email: "ada@example.org", password: "correct horse battery staple" };

let server: Server;
let browser: Browser;
let seen: Watched;
let page: Page;

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
const back = (days: number): string => dayOf(Date.now() - days * DAY_MS);
const after = (day: string, days = 1): string => dayOf(Date.parse(day) + days * DAY_MS);
const iso = (at: number): string => new Date(at).toISOString();

/** The last day on which the clock in Berlin went forward: the last Sunday of March. */
function springDay(): string {
  const of = (year: number): string => {
    const last = Date.UTC(year, 2, 31);
    return dayOf(last - new Date(last).getUTCDay() * DAY_MS);
  };
  const year = new Date().getUTCFullYear();
  return of(year) < back(2) ? of(year) : of(year - 1);
}

/** Walks of five minutes at every full and half hour of the 23 hours. */
function springWalks(day: string): One[] {
  const midnight = Date.parse(`${day}T00:00:00+01:00`);
  return Array.from({ length: 46 }, (_, index) => {
    const from = midnight + index * 30 * MINUTE_MS;
    return steps("Watch", iso(from), iso(from + 5 * MINUTE_MS), 10 + index);
  });
}

const NIGHT = back(10);
/** Minutes of each source in the night. */
const WATCHED = { Watch: { asleep: 420, deep: 60, rem: 90 }, Ring: { asleep: 400, deep: 40, rem: 20 } };

function night(): One[] {
  const evening = Date.parse(`${after(NIGHT, -1)}T22:00:00Z`);
  const stages: [string, number, number, string][] = [
    ["Watch", 0, 120, "AsleepCore"],
    ["Watch", 120, 180, "AsleepDeep"],
    ["Watch", 180, 270, "AsleepREM"],
    ["Watch", 270, 420, "AsleepCore"],
    ["Ring", 10, 180, "AsleepCore"],
    ["Ring", 180, 220, "AsleepDeep"],
    ["Ring", 220, 240, "AsleepREM"],
    ["Ring", 240, 410, "AsleepCore"],
  ];
  return stages.map(([source, from, to, stage]) =>
    sleep(source, iso(evening + from * MINUTE_MS), iso(evening + to * MINUTE_MS), stage),
  );
}

/** A flight to another zone and back three days later; on the day after landing a walk at a known time. */
const LANDED = back(40);
const WALK = { at: `${after(LANDED)}T19:00:00Z`, steps: 777 };

function journey(): One[] {
  const at = Date.parse(WALK.at);
  return [
    heartRate("Watch", `${LANDED}T06:00:00Z`, 60, ZONE),
    heartRate("Watch", `${LANDED}T18:00:00Z`, 61, AWAY),
    heartRate("Watch", `${after(LANDED, 3)}T18:00:00Z`, 62, ZONE),
    steps("Watch", iso(at), iso(at + 5 * MINUTE_MS), WALK.steps),
  ];
}

async function bring(records: One[]): Promise<void> {
  const answer = await fetch(`${server.address}/api/v1/imports`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await tokenOf(server, ada)}`,
      "content-type": "application/octet-stream",
    },
    body: exportOf(records),
  });
  const report = (await answer.json()) as any;
  expect([report.accepted, report.rejected], JSON.stringify(report)).toEqual([records.length, 0]);
}

beforeAll(async () => {
  server = await start();
  browser = await launch();
  await setUp(server, ada, ZONE);
  readAs("metric", "en-GB");
  await bring([...springWalks(springDay()), ...night(), ...journey()]);
  await ready(server, ada);
  seen = await open(browser, server.address, { viewport: { width: 1440, height: 1200 } });
  page = seen.page;
  await signIn(page, server.address, ada);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  expect(refusals).toEqual([]);
});

async function dayShown(path: string, day: string): Promise<void> {
  await page.goto(server.address + path);
  await settled(page);
  await page.getByLabel("Choose a day").fill(day);
  const heading = page.locator("h1 + p");
  await expect.poll(() => heading.textContent()).toContain(date(day, "long"));
  await settled(page);
}

/** Today's page when it shows a day: the strip names it. */
async function stripShown(day: string): Promise<Locator> {
  await dayShown("/", day);
  const strip = page.locator("section.sheet", { hasText: "The day on one axis" });
  await expect
    .poll(() => strip.locator("[role=slider]").getAttribute("aria-label"))
    .toContain(date(day, "long"));
  return strip;
}

const figure = (of: Page, label: string): Promise<string | null> =>
  of
    .locator(".figure", { has: of.getByText(label, { exact: true }) })
    .locator(".value")
    .textContent();

/** The rows of the table of a chart. */
async function rowsOf(sheet: Locator): Promise<string[][]> {
  await sheet.locator("[role=slider]").focus();
  await page.keyboard.press("t");
  return sheet
    .locator("tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent?.trim() ?? "")));
}

const walked = (rows: string[][]): number =>
  rows.reduce(
    (sum, row) => sum + Number(/Steps ([\d,]+)/.exec(row.join(" "))?.[1]?.replaceAll(",", "") ?? 0),
    0,
  );

test("a night that two devices watched: the minutes of each are those of the file, and one is marked", async () => {
  await dayShown("/sleep", NIGHT);
  const sheet = page.locator("section.sheet", { hasText: "What each source recorded" });
  await sheet.locator("tbody tr").first().waitFor();
  const rows = await sheet
    .locator("tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent?.trim() ?? "")));
  const get = await api(server, ada);
  const [{ main }] = (await get(`/sleep?start=${NIGHT}&end=${after(NIGHT)}`)).data;
  expect(Object.keys(WATCHED)).toContain(main.source);
  const shown = new Map(rows.map(([name = "", ...cells]) => [name.replace(/\s+/g, " "), cells]));
  expect(shown.size).toBe(2);
  for (const [source, truth] of Object.entries(WATCHED)) {
    const name = source === main.source ? `${source} (chosen)` : source;
    expect(shown.get(name)?.slice(0, 3), name).toEqual([truth.asleep, truth.deep, truth.rem].map(duration));
  }
});

test("the day on which the clock goes forward has 23 hours, none of them two o'clock, and every step", async () => {
  const day = springDay();
  const strip = await stripShown(day);
  const slider = strip.locator("[role=slider]");
  expect(await slider.getAttribute("aria-label")).toContain("Page Down by an hour");
  expect(Number(await slider.getAttribute("aria-valuemax"))).toBe(23 * 12 - 1);
  await slider.focus();
  await page.keyboard.press("Home");
  const clock = async (): Promise<string> =>
    /^(\d+):/.exec((await slider.getAttribute("aria-valuetext")) ?? "")?.[1] ?? "";
  const hours: string[] = [];
  for (let hour = 0; hour < 23; hour++) {
    hours.push(await clock());
    await page.keyboard.press("PageDown");
  }
  expect(hours.map(Number)).toEqual([0, 1, ...Array.from({ length: 21 }, (_, index) => index + 3)]);
  const rows = await rowsOf(strip);
  expect(rows.filter(([time = ""]) => /^0?2:/.test(time))).toEqual([]);
  expect(rows.length).toBe(46);
  const truth = springWalks(day).reduce((sum, one) => sum + Number(one.value), 0);
  expect(walked(rows)).toBe(truth);
  expect(await figure(page, "Steps")).toBe(truth.toLocaleString("en-GB"));
});

test("the days after a flight are shown on the clock of the place", async () => {
  const get = await api(server, ada);
  const day = after(LANDED);
  const [document] = (await get(`/summaries/daily?start=${day}&end=${after(day)}`)).data;
  expect(document.zone).toBe(AWAY);
  const rows = await rowsOf(await stripShown(day));
  const row = rows.find((cells) => cells.join(" ").includes(`Steps ${WALK.steps}`));
  // A row is named by the middle of its five minutes.
  const there = new Intl.DateTimeFormat("en-GB", {
    hour: "numeric",
    minute: "2-digit",
    timeZone: document.zone,
  });
  expect(row?.[0]).toBe(there.format(Date.parse(WALK.at) + 2 * MINUTE_MS));
  expect(await figure(page, "Steps")).toBe(String(WALK.steps));
});

test("a page that is left open follows what is uploaded elsewhere", async () => {
  const day = springDay();
  await stripShown(day);
  const before = springWalks(day).reduce((sum, one) => sum + Number(one.value), 0);
  await expect.poll(() => figure(page, "Steps")).toBe(before.toLocaleString("en-GB"));
  const opened = await page.evaluate(() => performance.timeOrigin);
  const noon = Date.parse(`${day}T10:10:00Z`);
  await bring([steps("Watch", iso(noon), iso(noon + 5 * MINUTE_MS), 1000)]);
  await expect
    .poll(() => figure(page, "Steps"), { timeout: 60_000 })
    .toBe((before + 1000).toLocaleString("en-GB"));
  expect(await page.evaluate(() => performance.timeOrigin), "the same document").toBe(opened);
});

test("signing out that the server did not hear is said; then it ends in every tab", async () => {
  const other = await seen.context.newPage();
  await other.goto(server.address);
  await settled(other);
  await page.goto(server.address);
  await settled(page);
  await page.route("**/api/v1/auth/browser", (route) => route.abort());
  await page.click(".who button");
  await expect.poll(() => page.textContent("main#main")).toContain("You are still signed in");
  expect(await findings(page)).toEqual([]);
  await other.reload();
  await settled(other);
  await page.unroute("**/api/v1/auth/browser");
  await page.click(".who button");
  await page.waitForSelector("input[name=email]");
  await other.waitForSelector("input[name=email]");
  expect(await other.textContent("body")).not.toContain("Steps");
  expect(await seen.context.cookies()).toEqual([]);
});
