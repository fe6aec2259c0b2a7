// Every number of every page asks where it comes from: what the window prints as a number is marked as it is printed,
// and each mark has to lie within something that opens the lens. Then they are opened.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, WORKOUT } from "./addresses";
import { findings, launch, open, refusals, settled, signIn, type Watched } from "./browser";
import { api, type Server, start } from "./server";

/** What marks a number: it has no width and no meaning. */
const MARK = "\u2063";

/** Pages with figures of a person. What the others count are records and devices, and the count is all there is. */
const PAGES = [
  "/",
  "/sleep",
  "/activity",
  "/heart",
  "/workouts",
  WORKOUT,
  "/rhythm",
  "/explore",
  "/insights",
];

let demo: Server;
let browser: Browser;
let seen: Watched;
/** Pages of methods that figures lead to. */
const linked = new Set<string>();

beforeAll(async () => {
  demo = await start("--demo");
  browser = await launch();
  seen = await open(browser, demo.address, { viewport: { width: 1440, height: 1400 } });
  await seen.page.addInitScript((mark) => {
    const format = Object.getOwnPropertyDescriptor(Intl.NumberFormat.prototype, "format");
    Object.defineProperty(Intl.NumberFormat.prototype, "format", {
      configurable: true,
      get() {
        const print = format?.get?.call(this) as (value: number) => string;
        return (value: number) => mark + print(value);
      },
    });
  }, MARK);
  await signIn(seen.page, demo.address, demo.demo ?? { email: "", password: "" });
});

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  expect(refusals).toEqual([]);
});

async function at(path: string): Promise<Page> {
  await seen.page.goto(demo.address + (await addressOf(path, await api(demo))));
  await settled(seen.page);
  if (path === "/") {
    // Today has little to show in the small hours.
    await seen.page.getByRole("button", { name: "Day before" }).click();
    await settled(seen.page);
  }
  await seen.page.evaluate(() => {
    for (const one of document.querySelectorAll<HTMLDetailsElement>("main details")) one.open = true;
  });
  await settled(seen.page);
  return seen.page;
}

/** Numbers that are shown outside of anything that opens the lens, with where they stand. */
function unexplained(page: Page): Promise<{ bare: string[]; marked: number }> {
  return page.evaluate((mark) => {
    const bare: string[] = [];
    let marked = 0;
    const walker = document.createTreeWalker(
      document.querySelector("main#main") ?? document,
      NodeFilter.SHOW_TEXT,
    );
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent ?? "";
      if (!text.includes(mark)) continue;
      marked += 1;
      const home = node.parentElement;
      // Axes are drawn; their chart opens the lens. Counts say how many rows a list has.
      if (home?.closest("[data-lens], svg, [data-count]")) continue;
      bare.push(`${home?.closest("[class]")?.outerHTML.slice(0, 90)} … ${text.replaceAll(mark, "").trim()}`);
    }
    return { bare, marked };
  }, MARK);
}

describe.each(PAGES)("%s", (path) => {
  test("no number stands alone", async () => {
    const page = await at(path);
    const { bare, marked } = await unexplained(page);
    expect(bare).toEqual([]);
    expect(marked, "numbers that were looked at").toBeGreaterThan(path === "/insights" ? 0 : 2);
    expect(await page.locator("main [data-lens]").count()).toBeGreaterThan(0);
  });

  test("each opens the same panel, which says how it was made", async () => {
    const page = await at(path);
    const lens = page.locator("dialog[open]");
    const figures = page.locator("main [data-lens]:visible");
    const count = await figures.count();
    // Evenly over the page where there are very many.
    const step = Math.max(1, Math.floor(count / 25));
    for (let index = 0; index < count; index += step) {
      const figure = figures.nth(index);
      const name = (await figure.textContent()) ?? "";
      await figure.focus();
      await page.keyboard.press("Enter");
      await lens.waitFor();
      await expect.poll(() => lens.textContent(), { message: name }).not.toContain("Loading…");
      const told = (await lens.textContent()) ?? "";
      expect(told, name).toContain("Method");
      expect(told, name).not.toMatch(/NaN|undefined|Invalid/);
      const link = lens.locator("a[href^='/docs/methods/']");
      if ((await link.count()) > 0) linked.add((await link.getAttribute("href")) ?? "");
      await page.keyboard.press("Escape");
      await lens.waitFor({ state: "detached" });
    }
  });

  test("each chart opens it from its samples", async () => {
    const page = await at(path);
    const lens = page.locator("dialog[open]");
    for (const chart of await page.locator("main [role=slider]").all()) {
      const name = ((await chart.getAttribute("aria-label")) ?? "").slice(0, 60);
      await chart.focus();
      await page.keyboard.press("End");
      await page.keyboard.press("l");
      await lens.waitFor();
      expect(await lens.textContent(), name).toContain("Method");
      expect(await lens.textContent(), name).not.toMatch(/NaN|undefined|Invalid/);
      await page.keyboard.press("Escape");
      await lens.waitFor({ state: "detached" });
    }
  });
});

test("the pages of the methods are there, plain, and for everybody", async () => {
  expect(linked.size, "different pages that figures lead to").toBeGreaterThan(8);
  for (const path of linked) {
    const answer = await fetch(demo.address + path);
    expect(answer.status, path).toBe(200);
    expect(answer.headers.get("content-security-policy"), path).toContain("default-src 'none'");
  }
  for (const [colorScheme, width] of [
    ["light", 360],
    ["dark", 1440],
  ] as const) {
    const { context, page, complaints, elsewhere } = await open(browser, demo.address, {
      colorScheme,
      viewport: { width, height: 900 },
    });
    for (const path of ["/docs/methods", "/docs/methods/daily/cardio", "/docs/methods/cosinor"]) {
      await page.goto(demo.address + path);
      expect(await page.title()).toContain("Clarity");
      expect(await findings(page), `${path} at ${width} px`).toEqual([]);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wider, `${path} at ${width} px: wider than the screen`).toBeLessThanOrEqual(0);
    }
    await page.getByRole("link", { name: "Methods", exact: true }).click();
    await page.waitForURL("**/docs/methods");
    expect(complaints).toEqual([]);
    expect(elsewhere).toEqual([]);
    await context.close();
  }
});

test("a figure leads to the page of its method", async () => {
  const page = await at("/rhythm");
  await page.getByRole("button", { name: /Interdaily stability/ }).click();
  const [opened] = await Promise.all([
    page.context().waitForEvent("page"),
    page.locator("dialog[open] a[href='/docs/methods/interdaily_stability']").click(),
  ]);
  await opened.waitForLoadState();
  expect(await opened.textContent("h1")).toContain("Interdaily stability");
  await opened.close();
  await page.keyboard.press("Escape");
});

test("a value of a series says which sources are in it, with their shares", async () => {
  const get = await api(demo);
  const page = await at("/explore");
  const lens = page.locator("dialog[open]");
  const chart = page.locator("section.sheet", { hasText: "Steps" }).first().locator("[role=slider]");
  await chart.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("l");
  await lens.waitFor();
  await lens.getByRole("columnheader", { name: "Counted" }).waitFor();
  const rows = await lens.locator("table").first().locator("tbody tr").allTextContents();
  const { data: sources } = await get("/sources?metric=step_count");
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows)
    expect(
      sources.some((one: any) => row.includes(one.name)),
      row,
    ).toBe(true);
  await page.keyboard.press("Escape");
});

test("the test sees a number that stands alone", async () => {
  const page = await at("/sleep");
  await page.evaluate(() => {
    const stray = document.createElement("p");
    stray.textContent = new Intl.NumberFormat().format(42);
    document.querySelector("main#main")?.append(stray);
  });
  expect((await unexplained(page)).bare.length).toBe(1);
});

test("a total says what the phone itself states of the day", async () => {
  const get = await api(demo);
  const page = await at("/activity");
  await page.locator("select").first().selectOption("active_energy");
  await settled(page);
  const now = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const from = new Date(Date.parse(now) - 14 * 86_400_000).toISOString().slice(0, 10);
  const { data: rows } = await get(`/reconciliation?metrics=active_energy&start=${from}&end=${now}`);
  const stated = rows.findLast((row: any) => row.cause === null);
  expect(stated).toBeDefined();
  const bars = page.locator("[role=slider]").first();
  const lens = page.locator("dialog[open]");
  await bars.focus();
  await page.keyboard.press("End");
  for (let step = 0; step < 14; step++) {
    await page.keyboard.press("l");
    await lens.waitFor();
    const told = ((await lens.textContent()) ?? "").replaceAll(MARK, "");
    await page.keyboard.press("Escape");
    await lens.waitFor({ state: "detached" });
    if (told.includes("Beside the phone's own number")) {
      expect(told).toContain("Stated by");
      expect(told).toMatch(/Both are the same|Why:/);
      return;
    }
    await page.keyboard.press("ArrowLeft");
  }
  throw new Error("no day of the last two weeks has the phone's own number");
});
