// Every page of the demo person, in both themes, narrow and wide: nothing for axe to find, nothing to complain about,
// nothing asked of anybody else, nothing cut off. The pictures are for people to look at.
import { mkdir } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, pages, WORKOUT } from "./addresses";
import { findings, launch, open, refusals, settled, signIn, type Watched } from "./browser";
import { api, type Server, start } from "./server";

const SEEN = [...pages, WORKOUT];

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await start("--demo");
  browser = await launch();
  await mkdir(new URL("pictures/", import.meta.url), { recursive: true });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  expect(refusals).toEqual([]);
});

const nameOf = (path: string): string => (path === WORKOUT ? "workout" : path.slice(1) || "today");

describe.each([
  ["light", 360],
  ["light", 1440],
  ["dark", 360],
  ["dark", 1440],
] as const)("%s at %i px", (colorScheme, width) => {
  let seen: Watched;

  beforeAll(async () => {
    const viewport = { width, height: 900 };
    seen = await open(browser, server.address, { colorScheme, viewport });
    await seen.page.goto(server.address);
    await seen.page.waitForSelector("form");
    expect(await findings(seen.page), "the sign-in").toEqual([]);
    await signIn(seen.page, server.address, server.demo ?? { email: "", password: "" });
  });

  afterAll(() => seen?.context.close());

  test.each(SEEN)("%s", async (path) => {
    const { page, complaints, elsewhere } = seen;
    await page.goto(server.address + (await addressOf(path, await api(server))));
    await settled(page);
    const picture = new URL(`pictures/${nameOf(path)}-${colorScheme}-${width}.png`, import.meta.url);
    await page.screenshot({ path: picture.pathname, fullPage: true });
    expect(await findings(page)).toEqual([]);
    expect(complaints.splice(0)).toEqual([]);
    expect(elsewhere.splice(0)).toEqual([]);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wider, "wider than the screen").toBeLessThanOrEqual(0);
  });
});

test.each(SEEN)("%s can be walked with the keyboard", async (path) => {
  const { context, page } = await open(browser, server.address, { viewport: { width: 1440, height: 900 } });
  await signIn(page, server.address, server.demo ?? { email: "", password: "" });
  await page.goto(server.address + (await addressOf(path, await api(server))));
  await settled(page);
  const reachable = await page.evaluate(() => {
    const wanted =
      "a[href], button:not(:disabled), select, input:not([tabindex='-1']):not([type=file]), [role=slider]";
    return [...document.querySelectorAll<HTMLElement>(wanted)].filter((one) => one.offsetParent !== null)
      .length;
  });
  const visited = new Set<string>();
  for (let step = 0; step < reachable + 12; step++) {
    await page.keyboard.press("Tab");
    const place = await page.evaluate(() => {
      const one = document.activeElement as HTMLElement;
      (one as any).__walked ??= String(Math.random());
      return one === document.body ? "" : (one as any).__walked;
    });
    if (place) visited.add(place);
  }
  // Date fields have several stops of their own, which only makes the walk longer.
  expect(visited.size).toBeGreaterThanOrEqual(Math.min(reachable, visited.size + 12) - 12);
  expect(visited.size).toBeGreaterThan(8);
  const charts = page.locator("[role=slider]");
  if ((await charts.count()) > 0) {
    await charts.first().focus();
    const before = await charts.first().getAttribute("aria-valuetext");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => charts.first().getAttribute("aria-valuetext")).not.toBe(before);
    await page.keyboard.press("t");
    await page.waitForSelector("section table");
  }
  await context.close();
});
