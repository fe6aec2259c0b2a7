// The laboratory: recordings dropped, their table sorted and saved, a report opened, what cannot be read explained; and
// nothing of them anywhere afterwards.
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findings, launch, open, refusals, settled, signIn } from "./browser";
import { api, type Server, setUp, start } from "./server";

let server: Server;
let browser: Browser;
const ada = { email: "ada@example.org", password: "correct horse battery staple" };

beforeAll(async () => {
  server = await start();
  browser = await launch();
  await setUp(server, ada);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  expect(refusals).toEqual([]);
});

/** An Actiwatch file of one-minute counts from noon: still from `bed` to 7 o'clock but for every 11th minute. */
function recording(days: number, bed: number, broken: boolean): string {
  const counts = Array.from({ length: days * 1440 }, (_, minute) => {
    const hour = (12 + Math.floor(minute / 60)) % 24;
    if (hour >= bed || hour < 7) return minute % 11 === 0 ? "60" : "0";
    return String(100 + ((minute * 7919) % 311) + 10 * hour);
  });
  if (broken) counts[500] = "broken";
  return ["A Wearer", "03-May-2026", "12:00", "4", "40", "V123456", "F", ...counts, ""].join("\r\n");
}

async function drop(page: Page, files: { name: string; text: string }[]): Promise<void> {
  await page.evaluate((all) => {
    const transfer = new DataTransfer();
    for (const { name, text } of all) transfer.items.add(new File([text], name));
    document
      .querySelector(".drop")
      ?.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, files);
}

test.each([
  ["light", 1440],
  ["dark", 375],
] as const)("a cohort in %s at %i px", async (colorScheme, width) => {
  const viewport = { width, height: 900 };
  const { context, page, complaints, elsewhere } = await open(browser, server.address, {
    colorScheme,
    viewport,
  });
  await signIn(page, server.address, ada);
  await page.goto(`${server.address}/lab`);
  await settled(page);
  expect(await page.textContent("main#main")).toContain("Nothing was analysed yet.");
  const files = [
    { name: "late.awd", text: recording(8, 23, true) },
    { name: "early.awd", text: recording(8, 21, false) },
    { name: "letter.txt", text: "Dear Ada, this is no recording." },
  ];
  await drop(page, files);
  const rows = page.locator("table").first().locator("tbody tr");
  await expect.poll(() => rows.count(), { timeout: 60_000 }).toBe(2);
  await expect.poll(() => page.getByRole("button", { name: "Remove letter.txt" }).count()).toBe(1);
  // Every column is seen at once on a wide screen.
  const beyond = await page
    .locator(".cohort")
    .evaluate((table) => table.scrollWidth - (table.parentElement?.clientWidth ?? 0));
  if (width === 1440) expect(beyond, "the table is wider than its sheet").toBeLessThanOrEqual(0);
  expect(await page.locator("main#main").textContent()).toContain(
    "The format of this file is not known here",
  );
  const names = (): Promise<(string | null)[]> => rows.locator("th").allTextContents();
  expect(await names()).toEqual(["early.awd", "late.awd"]);
  const head = page.getByRole("columnheader", { name: "Total sleep time" });
  await head.getByRole("button").click();
  expect(await names()).toEqual(["late.awd", "early.awd"]);
  expect(await head.getAttribute("aria-sort")).toBe("ascending");
  await page.getByPlaceholder("Find a recording").fill("early");
  expect(await names()).toEqual(["early.awd"]);
  await page.getByPlaceholder("Find a recording").fill("");

  // The file has what the server found.
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as JSON" }).click();
  const all = JSON.parse(await readFile(await (await saved).path(), "utf8")) as any[];
  const late = all.find((one) => one.name === "late.awd");
  expect(late.damages.count).toBe(1);
  expect(late.epochs).toBe(8 * 1440);
  expect(late.nights.length).toBeGreaterThan(5);

  await page.getByRole("button", { name: "late.awd", exact: true }).click();
  const report = page.getByRole("group", { name: "late.awd" });
  expect(await report.textContent()).toContain("Line 508");

  // The actogram is drawn right there, with its colours.
  const drawing = report.getByRole("img", { name: /^Double-plotted actogram/ }).first();
  await drawing.waitFor();
  await expect
    .poll(() => drawing.evaluate((one) => (one as HTMLImageElement).naturalWidth))
    .toBeGreaterThan(100);

  // Its page, to file or print, stands alone.
  const filed = page.waitForEvent("download");
  await report.getByRole("button", { name: "Page to file or print" }).click();
  const html = await readFile(await (await filed).path(), "utf8");
  expect(html).toContain("<h1>late</h1>");
  expect(html).toContain("Lost at line 508");
  expect(html).not.toContain("<script");
  const sheet = await context.newPage();
  await sheet.setContent(html);
  expect(await findings(sheet)).toEqual([]);
  expect(await sheet.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
    0,
  );
  await sheet.close();
  const minutes = late.measures.total_sleep_min.value as number;
  await report.locator(".figure", { hasText: "Total sleep" }).click();
  const lens = page.locator("dialog[open]");
  await lens.waitFor();
  const shown = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 }).format(minutes);
  expect(await lens.locator(".value").textContent()).toContain(shown);
  expect(await lens.textContent()).toContain(`version ${late.measures.total_sleep_min.version}`);
  await page.keyboard.press("Escape");
  expect(await findings(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  const picture = new URL(`pictures/lab-open-${colorScheme}-${width}.png`, import.meta.url);
  await page.screenshot({ path: picture.pathname, fullPage: true });

  // Nothing of it is kept, neither there nor here.
  const get = await api(server, ada);
  for (const path of ["/metrics-of-mine", "/imports", "/sources"]) expect((await get(path)).data).toEqual([]);
  await page.reload();
  await settled(page);
  expect(await page.textContent("main#main")).toContain("Nothing was analysed yet.");
  expect(elsewhere).toEqual([]);
  expect(complaints.filter((one) => !one.includes("400"))).toEqual([]);
  await context.close();
});

test("without a connection a recording waits to be tried again", async () => {
  const { context, page } = await open(browser, server.address);
  await signIn(page, server.address, ada);
  await page.goto(`${server.address}/lab`);
  await settled(page);
  await context.setOffline(true);
  await drop(page, [{ name: "a.awd", text: recording(3, 23, false) }]);
  await expect.poll(() => page.textContent("main#main")).toContain("cannot be reached");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect.poll(() => page.locator("table tbody tr").count(), { timeout: 60_000 }).toBe(1);
  await context.close();
});
