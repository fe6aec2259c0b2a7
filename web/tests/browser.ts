/** A browser that complains: about errors of the page, the content policy, and requests that leave the origin. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Cookie,
  type Page,
} from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launch(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"];
  if (!executablePath) throw new Error("CHROMIUM names the browser");
  // Test machines often run as the superuser, where the sandbox does not start.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

export interface Watched {
  context: BrowserContext;
  page: Page;
  /** Everything that the page complained about. */
  complaints: string[];
  /** Requests to anywhere else. */
  elsewhere: string[];
}

export async function open(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // 503 is how a busy machine asks for patience, which pages have.
    const expected = /status of (401|404|503)/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !expected) complaints.push(message.text());
  });
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !/^(data|blob):/.test(url)) elsewhere.push(url);
  });
  // Nobody who only looks may ever be told that it was too much.
  context.on("response", (response) => {
    if (response.status() !== 429) return;
    complaints.push(`refused as one too many: ${response.request().method()} ${response.url()}`);
    refusals.push(response.url());
  });
  return { context, page, complaints, elsewhere };
}

/** Every request of any page that was refused for being one too many. */
export const refusals: string[] = [];

/** The session of each person with each server: signing in is limited, and people stay signed in. */
const sessions = new Map<string, Cookie[]>();

export async function signIn(
  page: Page,
  address: string,
  who: { email: string; password: string },
): Promise<void> {
  const key = `${address} ${who.email}`;
  const session = sessions.get(key);
  if (session) await page.context().addCookies(session);
  await page.goto(address);
  if (!session) {
    await page.fill("input[name=email]", who.email);
    await page.fill("input[name=password]", who.password);
    await page.click("form button.main");
  }
  await page.waitForSelector("main#main h1");
  sessions.set(key, await page.context().cookies());
}

/** Waits until nothing on the page says that it is loading. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector("main#main h1");
  await page.waitForFunction(() => {
    const waiting = [...document.querySelectorAll("[role=status]")];
    return !waiting.some((one) => one.textContent?.trim() === "Loading…");
  });
  await page.waitForTimeout(150);
}

/** What axe finds against WCAG 2.2 AA and its own good practice, one line each. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { violations } = await (window as any).axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map((one: any) => `${one.id}: ${one.nodes.map((node: any) => node.html).join(" | ")}`);
  });
}
