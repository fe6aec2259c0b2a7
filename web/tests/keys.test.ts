// The key of a program: made with what it may do, shown once, used, revoked.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findings, launch, open, refusals, settled, signIn } from "./browser";
import { type Server, setUp, start } from "./server";

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

test.each(["light", "dark"] as const)("in %s: made, shown once, used, revoked", async (colorScheme) => {
  const { context, page, complaints, elsewhere } = await open(browser, server.address, { colorScheme });
  await signIn(page, server.address, ada);
  await page.goto(`${server.address}/settings`);
  await settled(page);
  const name = `Script in ${colorScheme}`;
  await page.getByLabel("Name of the program").fill(name);
  const form = page.locator("form", { has: page.getByRole("button", { name: "Make the key" }) });
  await form.getByLabel("Sleep", { exact: true }).check();
  await form.getByRole("button", { name: "Make the key" }).click();
  const key = await page.getByRole("region", { name }).locator("code").textContent();
  expect(key).toMatch(/^clk_\S{60,}$/);
  expect(await findings(page)).toEqual([]);

  const read = async (path: string): Promise<number> => {
    const headers = { "x-api-key": key ?? "" };
    return (await fetch(`${server.address}/api/v1${path}`, { headers })).status;
  };
  expect(await read("/sleep")).toBe(200);
  expect(await read("/cardio")).toBe(403);
  expect(await read("/auth/me")).toBe(403);

  await page.reload();
  await settled(page);
  expect(await page.content()).not.toContain(key);
  await expect.poll(() => page.textContent("main#main")).toContain("last used");
  await page.getByRole("button", { name: `Revoke the key of ${name}` }).click();
  await page.getByRole("alert").getByRole("button", { name: "Revoke", exact: true }).click();
  await expect.poll(() => page.textContent("main#main")).not.toContain(name);
  expect(await read("/sleep")).toBe(401);
  expect(elsewhere).toEqual([]);
  expect(complaints).toEqual([]);
  await context.close();
});
