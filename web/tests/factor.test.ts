// Codes at sign-in: turned on with an app, asked for, replaced by a recovery code; and what is sensitive asks who it is.
import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findings, launch, open, refusals, settled, signIn } from "./browser";
import { type Server, setUp, start } from "./server";

const ada = { email: "ada@example.org", password: "correct horse battery staple" };
/** Seconds for which a sign-in is recent on the second server. */
const RECENT_S = 8;

let server: Server;
let strict: Server;
let browser: Browser;

beforeAll(async () => {
  const settings = join(tmpdir(), `clarity-recent-${process.pid}.toml`);
  await writeFile(settings, `[tokens]\nrecent_s = ${RECENT_S}\n`);
  server = await start();
  strict = await start("--config", settings);
  browser = await launch();
  await setUp(server, ada);
  await setUp(strict, ada);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await strict?.stop();
  expect(refusals).toEqual([]);
});

/** What an authenticator app shows so many steps from now (RFC 6238). */
function shown(secret: string, later = 0): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((one) => letters.indexOf(one).toString(2).padStart(5, "0")).join("");
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const tag = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
  const word = tag.readUInt32BE((tag.at(-1) ?? 0) & 0xf) & 0x7fff_ffff;
  return String(word % 1_000_000).padStart(6, "0");
}

async function enter(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.fill("input[name=email]", ada.email);
  await page.fill("input[name=password]", ada.password);
  await page.click("form button.main");
  await page.waitForSelector("input[name=code]");
}

async function type(page: Page, code: string): Promise<void> {
  await page.fill("input[name=code]", code);
  await page.click("form button.main");
}

test("codes are turned on, asked for, and replaced by a recovery code", async () => {
  const first = await open(browser, server.address);
  const { page } = first;
  await signIn(page, server.address, ada);
  await page.goto(`${server.address}/settings`);
  await settled(page);
  const codes = page.getByRole("region", { name: "Codes at sign-in" });
  await codes.getByRole("button", { name: "Set up codes" }).click();
  await codes.getByRole("img", { name: /QR code/ }).waitFor();
  const secret = (await codes.locator("code").textContent()) ?? "";
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  expect(await findings(page)).toEqual([]);
  await codes.locator("input").fill("000000");
  await codes.getByRole("button", { name: "Turn codes on" }).click();
  await codes.getByRole("alert").waitFor();
  await codes.locator("input").fill(shown(secret));
  await codes.getByRole("button", { name: "Turn codes on" }).click();
  const list = codes.getByRole("region", { name: "Recovery codes" });
  const recovery = ((await list.locator("code").textContent()) ?? "").split(" ");
  expect(recovery).toHaveLength(10);
  await page.reload();
  await settled(page);
  expect(await page.content()).not.toContain(recovery[0]);
  expect(await page.content()).not.toContain(secret);
  await expect.poll(() => codes.textContent()).toContain("10 recovery codes are left");

  const second = await open(browser, server.address);
  await enter(second.page, server.address);
  expect(await findings(second.page)).toEqual([]);
  await type(second.page, "000000");
  await expect.poll(() => second.page.textContent("#wrong")).toContain("not right");
  // The code of the step in which codes were turned on is used; the next one is accepted already.
  await type(second.page, shown(secret, 1));
  await second.page.waitForSelector("main#main h1");

  const third = await open(browser, server.address);
  await enter(third.page, server.address);
  await type(third.page, recovery[0] ?? "");
  await third.page.waitForSelector("main#main h1");
  await third.page.goto(`${server.address}/settings`);
  await settled(third.page);
  const left = third.page.getByRole("region", { name: "Codes at sign-in" });
  await expect.poll(() => left.textContent()).toContain("9 recovery codes are left");
  for (const { complaints, elsewhere, context } of [first, second, third]) {
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  }
});

test.each(["light", "dark"] as const)("in %s: an export asks who it is and goes on", async (colorScheme) => {
  const { context, page, complaints } = await open(browser, strict.address, { colorScheme });
  await signIn(page, strict.address, ada);
  await page.waitForTimeout((RECENT_S + 1) * 1000);
  await page.goto(`${strict.address}/data`);
  await settled(page);
  const link = page.locator('a[href*="health-data/export?format=ndjson"]').first();
  await link.click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  expect(await findings(page)).toEqual([]);
  await dialog.getByLabel("Current password").fill("not the password");
  await dialog.getByRole("button", { name: "Go on" }).click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Current password").fill(ada.password);
  const download = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Go on" }).click();
  const path = await (await download).path();
  expect(path).toBeTruthy();
  await dialog.waitFor({ state: "hidden" });

  // What the API refuses is repeated when the person has shown that it is them.
  await page.waitForTimeout((RECENT_S + 1) * 1000);
  await page.goto(`${strict.address}/settings`);
  await settled(page);
  await page.getByLabel("Name of the program").fill(`Script in ${colorScheme}`);
  const form = page.locator("form", { has: page.getByRole("button", { name: "Make the key" }) });
  await form.getByLabel("Sleep", { exact: true }).check();
  await form.getByRole("button", { name: "Make the key" }).click();
  await dialog.waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect.poll(() => form.textContent()).toContain("wants your password first");
  await form.getByRole("button", { name: "Make the key" }).click();
  await dialog.waitFor();
  await dialog.getByLabel("Current password").fill(ada.password);
  await dialog.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("region", { name: `Script in ${colorScheme}` }).waitFor();
  const unexpected = complaints.filter((line) => !/status of 403/.test(line));
  expect(unexpected).toEqual([]);
  await context.close();
});

test("an administrator replaces the key that signs", async () => {
  const { context, page, complaints } = await open(browser, strict.address);
  await signIn(page, strict.address, ada);
  await page.waitForTimeout((RECENT_S + 1) * 1000);
  await page.goto(`${strict.address}/admin`);
  await settled(page);
  await page.getByRole("button", { name: "Replace the key" }).click();
  await page.getByRole("alert").getByRole("button", { name: "Replace the key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Current password").fill(ada.password);
  await dialog.getByRole("button", { name: "Go on" }).click();
  await expect.poll(() => page.textContent("main#main")).toContain("will sign");
  expect(await findings(page)).toEqual([]);
  expect(complaints.filter((line) => !/status of 403/.test(line))).toEqual([]);
  await context.close();
});
