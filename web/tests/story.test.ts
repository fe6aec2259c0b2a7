// What people do: the first start of an empty server, a file in, a number traced, an order changed, signing out; and
// two people who never meet.
import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { en } from "../src/words/en";
import { findings, launch, open, refusals, settled, signIn } from "./browser";
import { api, type Server, start } from "./server";

let demo: Server;
let empty: Server;
let browser: Browser;
const PASSWORD = "correct horse battery staple";

beforeAll(async () => {
  [demo, empty] = await Promise.all([start("--demo"), start()]);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([demo?.stop(), empty?.stop()]);
  expect(refusals).toEqual([]);
});

/** An export of steps: `days` days up to yesterday, each with two walks, and one record that cannot be. */
function appleExport(days: number): { text: string; steps: number; records: number } {
  const records: string[] = [];
  for (let back = 1; back <= days; back++) {
    const day = new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
    for (const hour of ["08", "17"]) {
      records.push(
        `<Record type="HKQuantityTypeIdentifierStepCount" sourceName="Walker" unit="count" ` +
          `startDate="${day} ${hour}:00:00 +0000" endDate="${day} ${hour}:30:00 +0000" value="1500"/>`,
      );
    }
  }
  const wrong =
    `<Record type="HKQuantityTypeIdentifierStepCount" sourceName="Walker" unit="count" ` +
    `startDate="2024-05-01 09:00:00 +0000" endDate="2024-05-01 08:00:00 +0000" value="5"/>`;
  const date = new Date().toISOString().slice(0, 19).replace("T", " ");
  const text =
    `<?xml version="1.0" encoding="UTF-8"?>\n<HealthData locale="en_GB">\n <ExportDate value="${date} +0000"/>\n ` +
    `${[...records, wrong].join("\n ")}\n</HealthData>\n`;
  return { text, steps: 3000, records: records.length };
}

test("an empty server becomes somebody's: first account, a file dropped, a figure, and nothing left after", async () => {
  const { context, page, complaints, elsewhere } = await open(browser, empty.address, { timezoneId: "UTC" });
  await page.goto(`${empty.address}/setup#${empty.setupCode}`);
  await page.waitForSelector("form");
  expect(await page.inputValue("input[name=code]")).toBe(empty.setupCode);
  expect(await page.inputValue("select[name=zone]")).toBe("UTC");
  await page.fill("input[name=email]", "ada@example.org");
  await page.fill("input[name=password]", PASSWORD);
  await page.click("form button.main");
  // The key is offered once, before anything else.
  await page.getByRole("heading", { name: en.keepKey.title }).waitFor();
  expect(await page.textContent("main")).toContain("master.key");
  expect(await findings(page)).toEqual([]);
  const [key] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: en.keepKey.save }).click(),
  ]);
  const lies = (await page.locator("code").textContent()) ?? "";
  expect(await readFile((await key.path()) ?? "")).toEqual(await readFile(lies));
  await page.getByRole("button", { name: en.keepKey.go }).click();
  await page.waitForURL("**/data");
  await settled(page);

  const file = appleExport(3);
  await page.evaluate(
    ({ text }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], "export.xml", { type: "text/xml" }));
      const place = document.querySelector(".drop");
      place?.dispatchEvent(
        new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }),
      );
    },
    { text: file.text },
  );
  const report = page.locator(".drop");
  await expect
    .poll(() => report.textContent(), { timeout: 60_000 })
    .toContain(`${file.records} records are new or changed.`);
  expect(await report.textContent()).toContain("1 were refused.");

  // The same file again: nothing comes twice.
  await page.setInputFiles("input[type=file]", {
    name: "export.xml",
    mimeType: "text/xml",
    buffer: Buffer.from(file.text),
  });
  await page.waitForFunction(() =>
    document.querySelector(".drop")?.textContent?.includes("0 records are new or changed."),
  );

  await page.click("nav a[href='/activity']");
  await settled(page);
  const total = page.locator(".figure .value").first();
  await expect.poll(() => total.textContent(), { timeout: 60_000 }).toBe(file.steps.toLocaleString("en-GB"));

  await page.locator(".figure").first().click();
  const lens = page.locator("dialog[open]");
  await lens.waitFor();
  await expect.poll(() => lens.textContent()).toContain("Walker");
  await expect.poll(() => lens.locator("tbody").last().locator("tr").count()).toBe(2);
  await page.keyboard.press("Escape");
  await lens.waitFor({ state: "detached" });

  // Whoever created the first account runs the server.
  await page.click("nav a[href='/admin']");
  await settled(page);
  expect(await page.textContent("main#main")).toContain("The server works");
  await expect.poll(() => page.textContent("main#main")).toContain("Nothing was set aside.");
  await expect.poll(() => page.textContent("main#main")).toContain("ada@example.org");
  expect(await findings(page)).toEqual([]);

  await page.click(".who button");
  await page.waitForSelector("input[name=email]");
  expect(await context.cookies()).toEqual([]);
  expect(
    await page.evaluate(() => Object.keys(localStorage).length + Object.keys(sessionStorage).length),
  ).toBe(0);
  expect(await page.textContent("body")).not.toContain("3,000");
  expect(elsewhere).toEqual([]);
  expect(complaints).toEqual([]);
  await context.close();
});

test("the session cookie is out of reach of scripts, and a wrong password says so", async () => {
  const { context, page } = await open(browser, demo.address);
  await page.goto(demo.address);
  await page.fill("input[name=email]", demo.demo?.email ?? "");
  await page.fill("input[name=password]", "not the password");
  await page.click("form button.main");
  await expect.poll(() => page.textContent("#wrong")).toContain("not right");
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  expect(await page.evaluate(() => document.cookie)).toBe("");
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  await context.close();
});

test("the totals on the page are those of the API, and an order changed by keyboard changes them", async () => {
  const get = await api(demo);
  const { context, page } = await open(browser, demo.address, { viewport: { width: 1440, height: 1000 } });
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  await page.click("nav a[href='/activity']");
  await settled(page);
  const shown = async (): Promise<[string, string]> => {
    const label = (await page.locator(".figure .label").first().textContent()) ?? "";
    return [label, (await page.locator(".figure .value").first().textContent()) ?? ""];
  };
  // Every bar is a day of the API.
  await page.locator("[role=slider]").first().focus();
  await page.keyboard.press("t");
  const rows = await page
    .locator("section table")
    .first()
    .locator("tbody tr")
    .evaluateAll((all) =>
      all.map((row) =>
        [...row.children]
          .slice(0, 2)
          .map((cell) => cell.querySelector("time")?.dateTime ?? cell.textContent ?? ""),
      ),
    );
  expect(rows.length).toBe(30);
  const [first, last] = [rows[0]?.[0] ?? "", rows.at(-1)?.[0] ?? ""];
  const after = new Date(Date.parse(last) + 86_400_000).toISOString().slice(0, 10);
  const answer = await get(`/summaries/daily?start=${first}&end=${after}&include=activity`);
  const steps = new Map<string, number>(
    answer.data.map((day: any) => [day.date, day.activity.steps.value] as [string, number]),
  );
  let compared = 0;
  for (const [day = "", text = ""] of rows) {
    const value = steps.get(day);
    if (value === undefined || value === null) continue;
    expect(text, day).toBe(Math.round(value).toLocaleString("en-GB"));
    compared += 1;
  }
  expect(compared).toBeGreaterThan(20);

  const before = await shown();
  const down = page.getByRole("button", { name: /^Move .*Watch down$/ });
  await down.focus();
  await page.keyboard.press("Enter");
  await expect
    .poll(async () => (await get("/user/preferences")).source_order.step_count?.length)
    .toBeGreaterThan(1);
  await expect.poll(async () => (await shown())[1], { timeout: 60_000 }).not.toBe(before[1]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await shown())[1], { timeout: 60_000 }).toBe(before[1]);
  await context.close();
});

test("the strip of a day says what each source measured and what counts, as the API does, and adds up", async () => {
  const get = await api(demo);
  const { context, page } = await open(browser, demo.address, { viewport: { width: 1440, height: 1000 } });
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  await page.goto(`${demo.address}/activity`);
  await settled(page);
  const strip = page.locator("section.sheet", { hasText: "Who measured when" }).first();
  await strip.locator("[role=slider]").focus();
  await page.keyboard.press("t");
  const table = strip.locator("table");
  const names = (await table.locator("thead th").allTextContents()).slice(1);
  const rows = await table
    .locator("tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? "")));
  // The day of the strip is the last day with a total.
  const year = new Date().toISOString().slice(0, 10);
  const recent = new Date(Date.parse(year) - 3 * 86_400_000).toISOString().slice(0, 10);
  const after = new Date(Date.parse(year) + 2 * 86_400_000).toISOString().slice(0, 10);
  const days = (await get(`/summaries/daily?start=${recent}&end=${after}&include=activity`)).data;
  const day = days.findLast((one: any) => one.activity.steps.value !== null);
  const until = new Date(Date.parse(day.date) + 86_400_000).toISOString().slice(0, 10);
  const { columns, sources } = await get(
    `/series/step_count?start=${day.date}&end=${until}&resolution=5m&merge=none`,
  );
  expect(names.toSorted()).toEqual(sources.toSorted());
  expect(names.length).toBeGreaterThan(1);
  const clock = (instant: string): string => instant.slice(11, 16);
  const counted = new Map<string, number>();
  const expected = new Map<string, string>();
  columns.start.forEach((start: string, index: number) => {
    const [value, counts] = [columns.value[index], columns.counted[index]];
    const name = sources[columns.source[index]];
    const text = (number: number): string => Math.round(number).toLocaleString("en-GB");
    counted.set(name, (counted.get(name) ?? 0) + counts);
    const dropped = counts < value ? ` (counted ${text(counts)})` : "";
    expected.set(`${clock(start)} ${name}`, `${name} ${text(value)}${dropped}`);
  });
  let compared = 0;
  for (const [time = "", ...cells] of rows) {
    names.forEach((name, column) => {
      if (cells[column] === "") return;
      // A row of the table is the middle of five minutes, named by the clock.
      const [hour = "", minute = ""] = time.split(":");
      const start = `${hour.padStart(2, "0")}:${String(Math.floor(Number(minute) / 5) * 5).padStart(2, "0")}`;
      expect(cells[column], `${time} ${name}`).toBe(expected.get(`${start} ${name}`));
      compared += 1;
    });
  }
  expect(compared).toBe(columns.start.length);
  expect(rows.some((row) => row.some((cell) => cell.includes("counted")))).toBe(true);
  const sum = [...counted.values()].reduce((all, one) => all + one, 0);
  expect(sum).toBeCloseTo(day.activity.steps.value, 6);
  for (const one of day.metrics.step_count.by_source)
    expect(counted.get(one.source)).toBeCloseTo(one.value, 6);
  expect(await page.locator(".total button").textContent()).toBe(Math.round(sum).toLocaleString("en-GB"));
  await context.close();
});

test("a source that is dragged changes bars, strip and total at once, before anything is saved", async () => {
  const get = await api(demo);
  const { context, page, complaints } = await open(browser, demo.address, {
    viewport: { width: 1440, height: 1800 },
  });
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  await page.goto(`${demo.address}/activity`);
  await settled(page);
  const bars = page.locator("[role=slider]").first().locator("svg");
  const strip = page.locator("section.sheet", { hasText: "Who measured when" }).first().locator(".plot svg");
  const total = page.locator(".total button");
  const figure = page.locator(".figure .value").first();
  const seen = async (): Promise<string[]> => [
    await bars.innerHTML(),
    await strip.innerHTML(),
    (await total.textContent()) ?? "",
    (await figure.textContent()) ?? "",
  ];
  const before = await seen();
  const saved = async (): Promise<unknown> => (await get("/user/preferences")).source_order.step_count;
  const kept = await saved();
  const rows = page.locator("li[data-name]");
  const names = await rows.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset["name"] ?? ""));
  const watch = rows.filter({ hasText: "Watch" });
  const phone = rows.filter({ hasText: "Phone" });
  const [from, to] = [await watch.boundingBox(), await phone.boundingBox()];
  if (!from || !to) throw new Error("the sources are not shown");
  expect(from.y).toBeLessThan(to.y);

  const hold = async (): Promise<void> => {
    await page.mouse.move(from.x + 150, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x + 150, to.y + to.height * 0.9, { steps: 6 });
  };
  await hold();
  await expect
    .poll(async () => (await seen()).filter((one, index) => one === before[index]).length, {
      timeout: 15_000,
    })
    .toBe(0);
  const shown = await seen();
  expect(await saved()).toEqual(kept);
  // Escape lets go without a change.
  await page.keyboard.press("Escape");
  await expect.poll(seen, { timeout: 15_000 }).toEqual(before);
  await page.mouse.up();
  expect(await saved()).toEqual(kept);

  await hold();
  await expect.poll(seen, { timeout: 15_000 }).toEqual(shown);
  const held = await rows.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset["name"] ?? ""));
  expect(held.indexOf(names.find((name) => name.includes("Phone")) ?? "")).toBeLessThan(
    held.indexOf(names.find((name) => name.includes("Watch")) ?? ""),
  );
  await page.mouse.up();
  await expect.poll(saved).toEqual(held);
  // When the days are computed with it, the page says the same: what was tried was true.
  await expect.poll(async () => (await get("/insights/status")).pending_days, { timeout: 60_000 }).toBe(0);
  // A page reads again every four seconds at most while days are computed.
  await expect.poll(() => page.getByText("As it is with this order.").count(), { timeout: 15_000 }).toBe(0);
  expect((await seen()).slice(2)).toEqual(shown.slice(2));

  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await seen()).slice(2), { timeout: 60_000 }).toEqual(before.slice(2));
  await expect.poll(async () => (await get("/insights/status")).pending_days, { timeout: 60_000 }).toBe(0);

  // Back to the usual order: list and numbers follow it before any day is computed again, and stay so afterwards.
  await page.mouse.move(from.x + 150, 0);
  await page.getByRole("button", { name: "Back to the usual order" }).click();
  await expect.poll(saved).toBeUndefined();
  const usual = (await get("/sources?metric=step_count")).data.map((one: { name: string }) => one.name);
  const listed = (): Promise<string[]> =>
    rows.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset["name"] ?? ""));
  await expect.poll(listed).toEqual([...new Set(usual)]);
  await expect
    .poll(() => page.getByText("Being computed with this order").count(), { timeout: 15_000 })
    .toBe(0);
  const reset = (await seen()).slice(2);
  await expect.poll(async () => (await get("/insights/status")).pending_days, { timeout: 60_000 }).toBe(0);
  await expect.poll(() => page.getByText("As it is with this order.").count(), { timeout: 15_000 }).toBe(0);
  expect((await seen()).slice(2)).toEqual(reset);
  expect(complaints).toEqual([]);
  await context.close();
});

test("two people in two browsers see only their own", async () => {
  const ada = await open(browser, empty.address, { timezoneId: "UTC" });
  const bob = await open(browser, empty.address, { timezoneId: "UTC" });
  const answer = await bob.page.request.post(`${empty.address}/api/v1/auth/register`, {
    data: { email: "bob@example.org", password: PASSWORD },
  });
  expect(answer.status()).toBe(201);
  await signIn(ada.page, empty.address, { email: "ada@example.org", password: PASSWORD });
  await signIn(bob.page, empty.address, { email: "bob@example.org", password: PASSWORD });
  for (const { page } of [ada, bob]) {
    await page.click("nav a[href='/data']");
    await settled(page);
  }
  expect(await ada.page.textContent("main#main")).toContain("Walker");
  expect(await bob.page.textContent("main#main")).not.toContain("Walker");
  expect(await bob.page.textContent("main#main")).toContain("Nothing was imported yet.");
  await ada.context.close();
  await bob.context.close();
});

test("a lost connection says so and comes back", async () => {
  const { context, page } = await open(browser, demo.address);
  await signIn(page, demo.address, demo.demo ?? { email: "", password: "" });
  await settled(page);
  await context.setOffline(true);
  await page.click("nav a[href='/heart']");
  await page.waitForSelector("[role=alert], .banner, [role=status]");
  await expect.poll(() => page.textContent("main#main"), { timeout: 20_000 }).toContain("cannot be reached");
  await context.setOffline(false);
  await expect
    .poll(() => page.textContent("main#main"), { timeout: 30_000 })
    .not.toContain("cannot be reached");
  await settled(page);
  expect(await page.textContent("h1")).toBe("Heart");
  await context.close();
});
