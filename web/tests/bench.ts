// What a person waits for, with five generated years: a usable page, the heart rate of a year, a day of 100,000 points
// that is moved; and what the API takes for it. Each figure beside its limit, and beside an empty page of the same
// server. `tools/window bench` runs it on a release build; it fails where a limit is passed.
import { createWriteStream, createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { brotliDecompressSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { launch, open, signIn } from "./browser";
import { api, type Server, setUp, start, tokenOf } from "./server";
import { exportOf } from "./years";

const ada = { email: "ada@example.org", password: "correct horse battery staple" };
const TRIES = 5;
const DAYS = 1826;

interface Line {
  what: string;
  value: number;
  unit: string;
  limit: number | undefined;
}

const lines: Line[] = [];
const say = (what: string, value: number, unit: string, limit?: number): void => {
  lines.push({ what, value, unit, limit });
  const over = limit === undefined ? "" : `  limit ${limit} ${unit}${value > limit ? "  TOO MUCH" : ""}`;
  console.log(`${what.padEnd(66)} ${value.toFixed(value < 20 ? 1 : 0).padStart(8)} ${unit}${over}`);
};

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Milliseconds from the navigation until something is shown, read on the clock of the page. */
async function until(page: Page, address: string, shown: string): Promise<number> {
  await page.goto("about:blank");
  const started = Date.now();
  await page.goto(address, { waitUntil: "commit" });
  await page.waitForSelector(shown);
  return Date.now() - started;
}

async function bring(server: Server): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "clarity-bench-"));
  const path = join(folder, "export.xml");
  const { pieces, truth } = exportOf({ days: DAYS, heartEveryS: 300, denseDay: 100_000 });
  await pipeline(Readable.from(pieces), createWriteStream(path));
  const began = performance.now();
  const answer = await fetch(`${server.address}/api/v1/imports`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await tokenOf(server, ada)}`,
      "content-type": "application/octet-stream",
    },
    body: Readable.toWeb(createReadStream(path)) as ReadableStream,
    duplex: "half",
  } as RequestInit);
  expect(((await answer.json()) as any).accepted).toBe(truth.records);
  say(`five years stored (${truth.records} records)`, (performance.now() - began) / 1000, "s");
  const get = await api(server, ada);
  await expect
    .poll(async () => (await get("/insights/status")).pending_days, { timeout: 900_000, interval: 1000 })
    .toBe(0);
  say("and every day of them computed", (performance.now() - began) / 1000, "s");
  await rm(folder, { recursive: true, force: true });
}

/** An answer of the API as it crosses the line in an encoding, and how long it takes; its text only from Brotli. */
async function asked(
  server: Server,
  path: string,
  encoding = "br",
): Promise<{ bytes: number; ms: number; text: string }> {
  const headers = { authorization: `Bearer ${await tokenOf(server, ada)}`, "accept-encoding": encoding };
  const times: number[] = [];
  let bytes = 0;
  let text = "";
  for (let turn = 0; turn < TRIES + 2; turn++) {
    const began = performance.now();
    const raw = await rawBody(`${server.address}/api/v1${path}`, headers);
    times.push(performance.now() - began);
    bytes = raw.body.length;
    if (encoding === "br")
      text = (raw.encoding === "br" ? brotliDecompressSync(raw.body) : raw.body).toString();
    else expect(raw.encoding).toBe(encoding);
  }
  return { bytes, ms: median(times.slice(2)), text };
}

async function rawBody(
  url: string,
  headers: Record<string, string>,
): Promise<{ body: Buffer; encoding: string }> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () =>
        resolve({ body: Buffer.concat(parts), encoding: String(answer.headers["content-encoding"] ?? "") }),
      );
    });
    asked.on("error", reject);
    asked.end();
  });
}

async function figuresOfTheApi(server: Server): Promise<void> {
  const day = (back: number): string => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
  const metrics = [
    "step_count",
    "active_energy_burned",
    "distance_walking_running",
    "heart_rate",
    "resting_heart_rate",
    "heart_rate_variability_sdnn",
    "respiratory_rate",
    "oxygen_saturation",
    "body_mass",
    "sleep_analysis",
  ].join(",");
  for (const encoding of ["br", "gzip", "zstd"]) {
    const years = await asked(server, `/days?metrics=${metrics}&start=${day(DAYS)}&end=${day(0)}`, encoding);
    say(`five years of ten metrics by day, in ${encoding}`, years.bytes / 1000, "kB", 60);
    say("  answered in", years.ms, "ms", 15);
  }
  const series = `/series/heart_rate?start=${day(1)}&end=${day(0)}&resolution=raw&layout=compact`;
  const points = await asked(server, series);
  const parsed = Array.from({ length: TRIES }, () => {
    const began = performance.now();
    JSON.parse(points.text);
    return performance.now() - began;
  });
  expect(JSON.parse(points.text).compact.value.length).toBeGreaterThan(90_000);
  say("a day of 100,000 heart rates, as it crosses the line", points.bytes / 1000, "kB", 1000);
  say("  as text", points.text.length / 1000, "kB", 1000);
  say("  parsed in", median(parsed), "ms", 15);
  say("  answered in", points.ms, "ms");
}

/** A phone of the middle on a slow line, as Lighthouse simulates it: a quarter of this machine's speed, 1.6 Mbit/s, 150 ms. */
async function asOnAPhone(page: Page): Promise<() => Promise<void>> {
  const line = await page.context().newCDPSession(page);
  await line.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await line.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 150,
    downloadThroughput: 1_600_000 / 8,
    uploadThroughput: 750_000 / 8,
  });
  return () => line.detach();
}

/** Milliseconds to the first contentful paint of a page that was there before. */
async function firstPaint(page: Page, address: string): Promise<number> {
  await page.goto(address);
  await page.waitForSelector("main#main h1");
  return page.evaluate(async () => {
    const named = (): PerformanceEntry | undefined =>
      performance.getEntriesByName("first-contentful-paint")[0];
    while (!named()) await new Promise(requestAnimationFrame);
    return named()?.startTime ?? 0;
  });
}

/** Milliseconds from a click on a link to the head of its page, on the clock of the page. */
function switched(page: Page, path: string): Promise<number> {
  return page.evaluate(async (path) => {
    const link = document.querySelector<HTMLElement>(`nav a[href='${path}']`);
    const title = link?.textContent ?? "";
    const began = performance.now();
    link?.click();
    while (document.querySelector("main h1")?.textContent?.trim() !== title)
      await new Promise(requestAnimationFrame);
    return performance.now() - began;
  }, path);
}

/** The longest frames while a chart of 100,000 points is moved. */
async function panning(page: Page): Promise<{ longest: number; middle: number; count: number }> {
  return page.evaluate(async () => {
    const over = document.querySelector<HTMLElement>(".u-over");
    if (!over) throw new Error("no canvas");
    const { left, top, width } = over.getBoundingClientRect();
    const frames: number[] = [];
    let last = performance.now();
    for (let step = 0; step < 120; step++) {
      const by = step % 60 < 30 ? 14 : -14;
      over.dispatchEvent(
        new WheelEvent("wheel", {
          bubbles: true,
          cancelable: true,
          deltaX: by,
          clientX: left + width / 2,
          clientY: top + 20,
        }),
      );
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      frames.push(now - last);
      last = now;
    }
    const sorted = frames.slice(2).sort((a, b) => a - b);
    return {
      longest: sorted.at(-1) ?? 0,
      middle: sorted[Math.floor(sorted.length / 2)] ?? 0,
      count: sorted.length,
    };
  });
}

test("the window with five years", async () => {
  const server = await start();
  const browser = await launch();
  try {
    await setUp(server, ada, "UTC");
    await bring(server);
    await figuresOfTheApi(server);
    const { page } = await open(browser, server.address, {
      timezoneId: "UTC",
      viewport: { width: 1440, height: 1000 },
    });
    await signIn(page, server.address, ada);
    const several = async (path: string, shown: string): Promise<number> => {
      const times: number[] = [];
      for (let turn = 0; turn < TRIES + 1; turn++)
        times.push(await until(page, server.address + path, shown));
      return median(times.slice(1));
    };
    // The same page without anything that is read: what the browser and the frame alone take.
    say("an empty page of the same server", await several("/nowhere", "main#main h1"), "ms");
    say("/ usable", await several("/", "main .figure .value"), "ms", 1000);
    // Pages that were opened before, as on the second day.
    const ways = ["/sleep", "/activity", "/heart", "/rhythm", "/explore"];
    for (const path of ways) await switched(page, path);
    const switches: number[] = [];
    for (let turn = 0; turn < TRIES; turn++)
      for (const path of ways) switches.push(await switched(page, path));
    say("from one page to another", median(switches), "ms", 100);
    const release = await asOnAPhone(page);
    const paints: number[] = [];
    for (let turn = 0; turn < TRIES + 1; turn++) paints.push(await firstPaint(page, server.address));
    say("first paint of a warm start, as on a phone", median(paints.slice(1)), "ms", 1000);
    await release();

    await page.goto(`${server.address}/explore`);
    await page.waitForSelector(".u-over");
    const year: number[] = [];
    for (let turn = 0; turn < TRIES; turn++) {
      await page.goto("about:blank");
      const began = Date.now();
      await page.goto(`${server.address}/explore`, { waitUntil: "commit" });
      await page.getByText("Year", { exact: true }).click();
      await page.waitForFunction(() => document.querySelector(".line")?.textContent?.includes("of a day"));
      year.push(Date.now() - began);
    }
    say("/explore with the heart rate of a year", median(year), "ms", 1500);

    // The dense day, whole.
    await page.getByText("Day", { exact: true }).click();
    await page.waitForFunction(
      () => document.querySelector(".line")?.textContent?.includes("of five minutes") === false,
    );
    await page.getByRole("button", { name: "Earlier" }).click();
    await page.getByRole("button", { name: "Earlier" }).click();
    await page.waitForFunction(() =>
      /[5-9]\d,\d{3} values|1\d\d,\d{3} values/.test(document.querySelector(".line")?.textContent ?? ""),
    );
    const still = await panning(page);
    say("moving 100,000 points: the frame in the middle", still.middle, "ms");
    say("  the longest frame", still.longest, "ms", 50);
  } finally {
    await browser.close();
    await server.stop();
  }
  expect(lines.filter((line) => line.limit !== undefined && line.value > line.limit)).toEqual([]);
});
