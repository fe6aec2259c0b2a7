// An export of two gigabytes dropped into the page: progress moves, the memory of the tab stays flat, the counts are the
// truth of the file. `tools/window big` runs it; BIG_GB says how large. Too long for every run.
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import { launch, open, settled, signIn } from "./browser";
import { api, setUp, start } from "./server";
import { exportOf } from "./years";

const ada = { email: "ada@example.org", password: "correct horse battery staple" };
const GB = Number(process.env["BIG_GB"] ?? 2);
/** Bytes of a record, about; how many heart rates a day make the file as large as wanted. */
const RECORD_BYTES = 232;
const DAYS = 1500;
/** What a tab may grow by while a file of any size goes through it. */
const GROWTH_MAX_MB = 60;

test("a file of gigabytes goes through the page", async () => {
  const folder = await mkdtemp(join(process.env["BIG_FOLDER"] ?? tmpdir(), "clarity-big-"));
  const path = join(folder, "export.xml");
  const server = await start();
  const browser = await launch();
  try {
    const aDay = Math.round((GB * 1e9) / RECORD_BYTES / DAYS);
    const { pieces, truth } = exportOf({ days: DAYS, heartEveryS: 86_400 / Math.max(1, aDay - 190) });
    await pipeline(Readable.from(pieces), createWriteStream(path));
    const { size } = await stat(path);
    console.log(`the file: ${(size / 1e9).toFixed(2)} GB, ${truth.records} records`);
    await setUp(server, ada, "UTC");
    const { page, context } = await open(browser, server.address, { timezoneId: "UTC" });
    await signIn(page, server.address, ada);
    await page.goto(`${server.address}/data`);
    await settled(page);
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
      const share = await bar.evaluate((one: HTMLProgressElement) => one.value / one.max).catch(() => 1);
      seen.push(share);
      most = Math.max(most, await memory());
      said =
        (await page
          .locator(".drop [role=status]")
          .textContent()
          .catch(() => "")) || said;
      await page.waitForTimeout(2000);
    }
    const seconds = (Date.now() - began) / 1000;
    const report = page.locator(".drop");
    await expect
      .poll(() => report.textContent(), { timeout: 60_000 })
      .toContain("records are new or changed");
    const told = ((await report.textContent()) ?? "").replaceAll(",", "");
    console.log(`sent and stored in ${seconds.toFixed(0)} s; while it went: ${said.trim()}`);
    console.log(`progress was seen at ${seen.map((share) => `${Math.round(share * 100)} %`).join(", ")}`);
    console.log(`memory of the tab: ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most`);
    expect(told).toContain(`${truth.records} records are new or changed`);
    expect(told).toContain("None were refused");
    expect(
      new Set(seen.map((share) => share.toFixed(2))).size,
      "different states of progress",
    ).toBeGreaterThan(5);
    expect(seen.every((share, index) => index === 0 || share >= (seen[index - 1] ?? 0))).toBe(true);
    expect(most - before, "growth in MB").toBeLessThan(GROWTH_MAX_MB);
    const get = await api(server, ada);
    const mine = (await get("/metrics-of-mine")).data;
    const stored = mine.reduce((sum: number, one: any) => sum + one.samples, 0);
    expect(stored).toBe(truth.records);
    console.log(`stored: ${stored} samples, the truth of the file`);
  } finally {
    await browser.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

/** Resident memory of a process that is not shared with others, in MB; Linux says it. */
async function residentMb(process: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(`/proc/${process}/status`, "utf8").catch(() => "");
  const kilobytes = Number(/RssAnon:\s+(\d+) kB/.exec(text)?.[1] ?? Number.NaN);
  return Number.isFinite(kilobytes) ? kilobytes / 1000 : 0;
}
