// Every page in every state that is not the usual one: empty, being read, failed, offline, and with little data. In each
// nothing for axe to find in two themes and widths, nothing cut off, and a way on.
import type { Browser, BrowserContext, Page, Route } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pages, WORKOUT } from "./addresses";
import { exportOf, steps } from "./apple";
import { findings, launch, open, refusals, settled, signIn } from "./browser";
import { ready, type Server, setUp, start, tokenOf } from "./server";

const ada = { email: "ada@example.org", password: "correct horse battery staple" };
const bob = { email: "bob@example.org", password: ada.password };
const DAY_MS = 86_400_000;

/** A server without accounts, and one with two people. */
let fresh: Server;
let server: Server;
let browser: Browser;
let nothing: { context: BrowserContext; page: Page };
let little: { context: BrowserContext; page: Page };

beforeAll(async () => {
  [fresh, server] = await Promise.all([start(), start()]);
  browser = await launch();
  await setUp(server, ada, "UTC");
  nothing = await open(browser, server.address, { timezoneId: "UTC" });
  await signIn(nothing.page, server.address, ada);
  little = await open(browser, server.address, { timezoneId: "UTC" });
  const made = await little.page.request.post(`${server.address}/api/v1/auth/register`, {
    data: { ...bob, profile: { time_zone: "UTC" } },
  });
  if (made.status() !== 201) throw new Error(await made.text());
  const walks = [1, 2, 3].map((days) => {
    const day = new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
    return steps("Phone", `${day}T08:00:00Z`, `${day}T08:30:00Z`, 1500);
  });
  const answer = await fetch(`${server.address}/api/v1/imports`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await tokenOf(server, bob)}`,
      "content-type": "application/octet-stream",
    },
    body: exportOf(walks),
  });
  if (!answer.ok) throw new Error(await answer.text());
  await ready(server, bob);
  await signIn(little.page, server.address, bob);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([fresh?.stop(), server?.stop()]);
  expect(refusals).toEqual([]);
});

const API = /\/(api\/v1|health\/detailed)/;
/** What the frame of every page asks: who is there, and whether the line is open. */
const FRAME = /\/api\/v1\/(setup|auth\/me|user\/(profile|preferences)|events)$/;

/** Does something else with whatever a page asks. */
async function instead(page: Page, act: (route: Route) => Promise<void> | void): Promise<void> {
  await page.route(API, (route) => (FRAME.test(route.request().url()) ? route.continue() : act(route)));
}

const failing = (route: Route): Promise<void> =>
  route.fulfill({
    status: 500,
    contentType: "application/problem+json",
    body: JSON.stringify({ type: "about:blank", title: "Internal error", status: 500, code: "internal" }),
  });

/** Nothing to find and nothing cut off, light and narrow, dark and wide. */
async function sound(page: Page, state: string): Promise<void> {
  for (const [colorScheme, width] of [
    ["light", 360],
    ["dark", 1440],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(60);
    expect(await findings(page), `${state}, ${colorScheme} at ${width} px`).toEqual([]);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    const widest = await page.evaluate(() =>
      [...document.querySelectorAll("main *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth)
        .slice(0, 4)
        .map((one) => `${one.tagName} ${one.className} ${one.textContent?.trim().slice(0, 60)}`),
    );
    expect(wider, `${state} at ${width} px: wider than the screen: ${widest.join("; ")}`).toBeLessThanOrEqual(
      0,
    );
  }
}

const said = async (page: Page): Promise<string> => (await page.textContent("main")) ?? "";

test("the first start: being read, failed, offline, and a code that is wrong", async () => {
  const { context, page } = await open(browser, fresh.address, { timezoneId: "UTC" });
  const setup = "**/api/v1/setup";
  let held: Route | undefined;
  await page.route(setup, (route) => void (held = route));
  await page.goto(`${fresh.address}/setup`);
  await page.getByText("Loading…").waitFor();
  await sound(page, "being read");
  await held?.abort();
  await page.unroute(setup);
  for (const [state, act] of [
    ["failed", failing],
    ["offline", (route: Route) => route.abort()],
  ] as const) {
    await page.route(setup, act);
    await page.goto(`${fresh.address}/setup`);
    await page.getByRole("alert").waitFor();
    expect(await said(page)).toContain("cannot be reached");
    await sound(page, state);
    await page.unroute(setup);
  }
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForSelector("form");
  await sound(page, "empty");
  await page.fill("input[name=code]", "WRONG-CODES");
  await page.fill("input[name=email]", ada.email);
  await page.fill("input[name=password]", ada.password);
  await page.click("form button.main");
  await page.getByRole("alert").waitFor();
  await sound(page, "refused");
  await context.close();
});

/** A page that reads nothing has nothing to wait for. */
const READS_NOTHING = "/lab";
const NO_WORKOUT = WORKOUT.replace("{id}", "00000000-0000-4000-8000-000000000000");

test.each([...pages, NO_WORKOUT, "/admin"])(
  "%s: empty, being read, failed, offline, little",
  async (path) => {
    const { page } = nothing;
    const address = server.address + path;
    await page.goto(address);
    await settled(page);
    expect(await said(page)).not.toMatch(/NaN|undefined|Invalid/);
    await sound(page, "empty");
    if (path !== READS_NOTHING) {
      const held: Route[] = [];
      await instead(page, (route) => void held.push(route));
      await page.goto(address);
      await page.getByRole("status").filter({ hasText: "Loading…" }).first().waitFor();
      await sound(page, "being read");
      await Promise.all(held.map((route) => route.abort().catch(() => undefined)));
      await page.unrouteAll();
      for (const [state, act, words] of [
        ["failed", failing, "could not be read"],
        ["offline", (route: Route) => route.abort(), "cannot be reached"],
      ] as const) {
        await instead(page, act);
        await page.goto(address);
        await expect.poll(() => said(page), { message: `${path} ${state}` }).toContain(words);
        expect(await page.getByText("Loading…").count(), "nothing waits for ever").toBe(0);
        await sound(page, state);
        await page.unrouteAll();
      }
      // What can be read again is, without a reload.
      const again = await page.getByRole("button", { name: "Try again" }).all();
      // The last first: one that reads more than itself takes those behind it away.
      for (const one of again.reverse()) await one.click({ timeout: 1_000 }).catch(() => undefined);
      await expect.poll(() => said(page)).not.toContain("cannot be reached");
    }
    if (path === "/admin") return;
    await little.page.goto(address);
    await settled(little.page);
    expect(await said(little.page)).not.toMatch(/NaN|undefined|Invalid/);
    await sound(little.page, "little");
  },
);

test("accounts that are damaged are said, and the models that there are", async () => {
  const { page } = nothing;
  await page.route("**/api/v1/admin/people*", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({
      response: answer,
      json: { ...((await answer.json()) as object), damaged: ["0b1c"] },
    });
  });
  await page.goto(`${server.address}/admin`);
  await settled(page);
  const alert = page.getByRole("alert").filter({ hasText: "0b1c" });
  expect(await alert.textContent()).toContain("Restore the database from a backup");
  expect(await said(page)).toContain("clarity models add");
  await sound(page, "damaged");
});
