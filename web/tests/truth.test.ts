// A generated export whose truth is known: what the pages show is that truth, and what the API says. An upload that is
// broken off in the middle and sent again brings nothing twice.
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { duration, quantity, readAs, unitOf } from "../src/parts/format";
import { en } from "../src/words/en";
import { launch, open, refusals, settled, signIn } from "./browser";
import { api, type Server, setUp, start, tokenOf } from "./server";
import { exportOf, type Shape, type Truth } from "./years";

let server: Server;
let browser: Browser;
let folder: string;
const ada = { email: "ada@example.org", password: "correct horse battery staple" };
const eve = { email: "eve@example.org", password: ada.password };
const ZONE = "UTC";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clarity-truth-"));
  server = await start();
  browser = await launch();
  await setUp(server, ada, ZONE);
  readAs("metric", "en-GB");
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
  expect(refusals).toEqual([]);
});

async function written(name: string, shape: Shape): Promise<{ path: string; truth: Truth; bytes: number }> {
  const path = join(folder, name);
  const { pieces, truth } = exportOf(shape);
  await pipeline(Readable.from(pieces), createWriteStream(path));
  return { path, truth, bytes: (await stat(path)).size };
}

/** The rows of the table of a chart: first cell and the cell of a column. */
async function tableOf(page: Page, title: string | RegExp, column: number): Promise<Map<string, string>> {
  const sheet = page
    .locator("section.sheet", { has: page.getByRole("heading", { name: title, exact: false }) })
    .first();
  await sheet.locator("[role=slider]").focus();
  await page.keyboard.press("t");
  const rows = await sheet
    .locator("tbody tr")
    .evaluateAll(
      (all, at) =>
        all.map((row) => [
          row.querySelector("time")?.dateTime ?? row.children[0]?.textContent ?? "",
          row.children[at]?.textContent ?? "",
        ]),
      column,
    );
  return new Map(rows.map(([day = "", value = ""]) => [day, value]));
}

test("steps and nights on the pages are the truth of the file, and every figure is the API's", async () => {
  const { path, truth } = await written("small.xml", { days: 45, heartEveryS: 300 });
  const answer = await fetch(`${server.address}/api/v1/imports`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await tokenOf(server, ada)}`,
      "content-type": "application/octet-stream",
    },
    body: Readable.toWeb(createReadStream(path)) as ReadableStream,
    duplex: "half",
  } as RequestInit);
  const report = (await answer.json()) as any;
  expect([report.accepted, report.rejected], JSON.stringify(report)).toEqual([truth.records, 0]);
  const get = await api(server, ada);
  await expect.poll(async () => (await get("/insights/status")).pending_days, { timeout: 80_000 }).toBe(0);

  const { context, page, complaints } = await open(browser, server.address, {
    timezoneId: ZONE,
    viewport: { width: 1440, height: 1200 },
  });
  await signIn(page, server.address, ada);
  await page.goto(`${server.address}/activity`);
  await settled(page);
  const steps = await tableOf(page, en.measures["steps"] ?? "", 1);
  let compared = 0;
  for (const [day, value] of truth.steps) {
    if (!steps.has(day)) continue;
    expect(steps.get(day), day).toBe(value.toLocaleString("en-GB"));
    compared += 1;
  }
  expect(compared).toBe(29);

  await page.goto(`${server.address}/sleep`);
  await settled(page);
  const nights = await tableOf(page, /^The last \d+ nights/, 1);
  compared = 0;
  for (const [day, minutes] of truth.asleepMin) {
    if (!nights.has(day)) continue;
    expect(nights.get(day), day).toBe(duration(minutes));
    compared += 1;
  }
  expect(compared).toBe(45);

  // The figures of a day and of a night beside what the API says of them.
  const day = [...truth.steps.keys()].at(-1) ?? "";
  const after = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
  await page.goto(server.address);
  await settled(page);
  await page.getByLabel(en.day.pick).fill(day);
  await settled(page);
  const [summary] = (await get(`/summaries/daily?start=${day}&end=${after}&include=activity`)).data;
  const [heart] = (await get(`/cardio?start=${day}&end=${after}`)).data;
  const [night] = (await get(`/sleep?start=${day}&end=${after}`)).data;
  const shown = async (): Promise<Map<string, string>> =>
    new Map(
      await page
        .locator(".figure")
        .evaluateAll((all) =>
          all.map((one): [string, string] => [
            one.querySelector(".label")?.textContent ?? "",
            one.querySelector(".value")?.textContent ?? "",
          ]),
        ),
    );
  await expect
    .poll(async () => (await shown()).get("Steps"))
    .toBe(truth.steps.get(day)?.toLocaleString("en-GB"));
  const today = await shown();
  const measures = { ...summary.activity, ...heart };
  compared = 0;
  for (const [id, measure] of Object.entries<any>(measures)) {
    const text = today.get(en.measures[id] ?? "");
    if (text === undefined || typeof measure !== "object") continue;
    expect(text, id).toBe(
      measure.value === null ? en.lens.missing : quantity(measure.value, unitOf(id, measure.unit)),
    );
    compared += 1;
  }
  expect(compared).toBe(7);
  expect(today.get("Asleep")).toBe(duration(truth.asleepMin.get(day) ?? 0));

  await page.goto(`${server.address}/sleep`);
  await settled(page);
  const figures = await shown();
  const main = night.main;
  expect(figures.get(en.sleep.asleep)).toBe(quantity(main.asleep_min, "min"));
  expect(figures.get(en.stages.deep)).toBe(quantity(main.stages_min.deep, "min"));
  expect(figures.get(en.stages.rem)).toBe(quantity(main.stages_min.rem, "min"));
  expect(figures.get(en.sleep.inBed)).toBe(quantity(main.in_bed_min, "min"));
  expect(figures.get(en.sleep.efficiency)).toBe(quantity(main.efficiency * 100, "%"));
  expect(figures.get(en.sleep.awakenings)).toBe(String(main.awakenings));
  expect(complaints).toEqual([]);
  await context.close();
});

/** Drops a file as a hand does. */
async function drop(page: Page, path: string): Promise<void> {
  const box = await page.locator(".drop").boundingBox();
  if (!box) throw new Error("there is no place to drop a file");
  const hand = await page.context().newCDPSession(page);
  const place = { x: box.x + box.width / 2, y: box.y + 30 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    const dropped = { items: [], files: [path], dragOperationsMask: 1 };
    await hand.send("Input.dispatchDragEvent", { type, ...place, data: dropped });
  }
  await hand.detach();
}

test("a page that is read anew before half of a file: dropped again it finishes, and nothing comes twice", async () => {
  const { path, truth, bytes } = await written("broken.xml", { days: 50, heartEveryS: 10 });
  const { context, page } = await open(browser, server.address, { timezoneId: ZONE });
  const made = await page.request.post(`${server.address}/api/v1/auth/register`, {
    data: { ...eve, profile: { time_zone: ZONE } },
  });
  expect(made.status(), await made.text()).toBe(201);
  await signIn(page, server.address, eve);
  await page.goto(`${server.address}/data`);
  await settled(page);
  // A slow line, so that there is a middle.
  const line = await context.newCDPSession(page);
  await line.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytes / 8,
  });
  await drop(page, path);
  const progress = page.locator("progress");
  await progress.waitFor();
  await expect
    .poll(() => progress.evaluate((bar: HTMLProgressElement) => bar.value / bar.max), {
      timeout: 60_000,
      interval: 50,
    })
    .toBeGreaterThan(0.45);
  expect(await progress.evaluate((bar: HTMLProgressElement) => bar.value / bar.max)).toBeLessThan(0.95);
  // Leaving in the middle asks first.
  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await settled(page);
  await expect.poll(() => page.textContent("main#main")).toContain("drop the same file again");
  await page.close();

  const get = await api(server, eve);
  const stored = async (): Promise<number> =>
    (await get("/metrics-of-mine")).data.reduce((sum: number, one: any) => sum + one.samples, 0);
  // What was stored before the line broke stays.
  await expect.poll(stored, { timeout: 30_000 }).toBeGreaterThan(0);
  const before = await stored();
  expect(before).toBeLessThan(truth.records);

  const again = await context.newPage();
  await again.goto(`${server.address}/data`);
  await settled(again);
  await drop(again, path);
  const report = again.locator(".drop");
  await expect.poll(() => report.textContent(), { timeout: 80_000 }).toContain("records are new or changed");
  const told = ((await report.textContent()) ?? "").replaceAll(",", "");
  const fresh = Number(/(\d+) records are new or changed/.exec(told)?.[1]);
  const known = Number(/(\d+) were here already/.exec(told)?.[1]);
  expect(fresh + known, told).toBe(truth.records);
  expect(known, "what came before the line broke").toBeGreaterThan(0);
  expect(told).toContain("None were refused");
  await expect.poll(stored, { timeout: 30_000 }).toBe(truth.records);
  await context.close();
});
