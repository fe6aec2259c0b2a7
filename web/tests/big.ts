// An export of two gigabytes dropped into the page: progress moves, the memory of the tab stays flat, the counts are the
// truth of the file. `tools/window big` runs it; BIG_GB says how large. Too long for every run.
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, settled, signIn } from "./browser";
import { api, type Server, setUp, start } from "./server";
import { exportOf } from "./years";

const ada = { email: "ada@example.org", password: "correct horse battery staple" };
const GB = Number(process.env["BIG_GB"] ?? 2);
/** Bytes of a record, about; how many heart rates a day make the file as large as wanted. */
const RECORD_BYTES = 232;
const DAYS = 1500;
/** Writing such a file takes minutes. */
const TIME_MS = 3_600_000;
/** How much has gone when somebody closes the tab. */
const CLOSED_AT = 0.4;
/** What a tab may grow by while a file of any size goes through it. */
const GROWTH_MAX_MB = 60;

/** The file, which both tests drop, with the truth about it. */
let path = "";
let folder = "";
let truth: ReturnType<typeof exportOf>["truth"];
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(process.env["BIG_FOLDER"] ?? tmpdir(), "clarity-big-"));
  path = join(folder, "export.xml");
  const aDay = Math.round((GB * 1e9) / RECORD_BYTES / DAYS);
  const made = exportOf({ days: DAYS, heartEveryS: 86_400 / Math.max(1, aDay - 190) });
  truth = made.truth;
  await pipeline(Readable.from(made.pieces), createWriteStream(path));
  const { size } = await stat(path);
  console.log(`the file: ${(size / 1e9).toFixed(2)} GB, ${truth.records} records`);
  browser = await launch();
}, TIME_MS);

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A server with one account, and the page on which files are dropped. */
async function opened(): Promise<{ server: Server; page: Page; context: BrowserContext }> {
  const server = await start();
  await setUp(server, ada, "UTC");
  const { page, context } = await open(browser, server.address, { timezoneId: "UTC" });
  await signIn(page, server.address, ada);
  await page.goto(`${server.address}/data`);
  await settled(page);
  return { server, page, context };
}

/** Waits until nothing is sent any more and reads the report, without thousands separators. */
async function reported(page: Page): Promise<string> {
  const report = page.locator(".drop");
  await expect.poll(() => report.textContent(), { timeout: 60_000 }).toContain("records are new or changed");
  return ((await report.textContent()) ?? "").replaceAll(",", "");
}

/** Samples that the server holds. */
async function stored(server: Server): Promise<number> {
  const get = await api(server, ada);
  const mine = (await get("/metrics-of-mine")).data;
  return mine.reduce((sum: number, one: any) => sum + one.samples, 0);
}

const shareOf = (page: Page): Promise<number> =>
  page
    .locator("progress")
    .evaluate((one: HTMLProgressElement) => one.value / one.max)
    .catch(() => 1);

test("a file of gigabytes goes through the page", async () => {
  const { server, page, context } = await opened();
  try {
    const tab = await context.newCDPSession(page);
    const memory = async (): Promise<number> => {
      await tab.send("HeapProfiler.collectGarbage");
      const { usedSize } = await tab.send("Runtime.getHeapUsage");
      const { processInfo } = await (await browser.newBrowserCDPSession()).send("SystemInfo.getProcessInfo");
      const renderers = processInfo.filter((one) => one.type === "renderer").map((one) => one.id);
      return Math.max(usedSize / 1e6, ...(await Promise.all(renderers.map(residentMb))));
    };
    const before = await memory();
    await page.setInputFiles("input[type=file]", path);
    const bar = page.locator("progress");
    await bar.waitFor();
    const seen: number[] = [];
    let most = before;
    const began = Date.now();
    let said = "";
    while ((await bar.count()) > 0) {
      seen.push(await shareOf(page));
      most = Math.max(most, await memory());
      said =
        (await page
          .locator(".drop [role=status]")
          .textContent()
          .catch(() => "")) || said;
      await page.waitForTimeout(2000);
    }
    const seconds = (Date.now() - began) / 1000;
    const told = await reported(page);
    console.log(`sent and stored in ${seconds.toFixed(0)} s; while it went: ${said.trim()}`);
    console.log(`progress was seen at ${seen.map((share) => `${Math.round(share * 100)} %`).join(", ")}`);
    console.log(`memory of the tab: ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most`);
    expect(told).toContain(`${truth.records} records are new or changed`);
    expect(told).toContain("None were refused");
    expect(
      new Set(seen.map((share) => share.toFixed(2))).size,
      "different states of progress",
    ).toBeGreaterThan(3);
    expect(seen.every((share, index) => index === 0 || share >= (seen[index - 1] ?? 0))).toBe(true);
    expect(most - before, "growth in MB").toBeLessThan(GROWTH_MAX_MB);
    expect(await stored(server)).toBe(truth.records);
    console.log(`report and store: ${truth.records} samples, the truth of the file`);
  } finally {
    await context.close();
    await server.stop();
  }
});

test("a tab that is closed in the middle costs nothing but the time: the file is dropped again", async () => {
  const { server, page, context } = await opened();
  try {
    await page.setInputFiles("input[type=file]", path);
    await page.locator("progress").waitFor();
    while ((await shareOf(page)) < CLOSED_AT) await page.waitForTimeout(500);
    const share = await shareOf(page);
    await page.close({ runBeforeUnload: false });
    const get = await api(server, ada);
    await expect
      .poll(async () => (await get("/imports?limit=1")).data[0].status, { timeout: 60_000 })
      .toBe("failed");
    const kept = await stored(server);
    console.log(`closed at ${Math.round(share * 100)} %: ${kept} samples were stored and stay`);
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(truth.records);
    const again = await context.newPage();
    await again.goto(`${server.address}/data`);
    await settled(again);
    await again.setInputFiles("input[type=file]", path);
    await again.locator("progress").waitFor();
    while ((await again.locator("progress").count()) > 0) await again.waitForTimeout(2000);
    const told = await reported(again);
    const count = (words: string): number =>
      Number(new RegExp(`(\\d+) ${words}`).exec(told)?.[1] ?? Number.NaN);
    const [fresh, known] = [count("records are new or changed"), count("were here already")];
    console.log(`dropped again: ${fresh} new, ${known} there already; the file has ${truth.records}`);
    expect(known).toBe(kept);
    expect(fresh + known).toBe(truth.records);
    expect(await stored(server), "nothing twice").toBe(truth.records);
  } finally {
    await context.close();
    await server.stop();
  }
});

/** Resident memory of a process that is not shared with others, in MB; Linux says it. */
async function residentMb(process: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(`/proc/${process}/status`, "utf8").catch(() => "");
  const kilobytes = Number(/RssAnon:\s+(\d+) kB/.exec(text)?.[1] ?? Number.NaN);
  return Number.isFinite(kilobytes) ? kilobytes / 1000 : 0;
}
