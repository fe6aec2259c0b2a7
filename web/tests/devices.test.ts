// A device on the page of data: its key made, shown once as text and as codes, its first data watched arriving, and
// revoked. The codes are read from the picture of the page, as a phone reads them.
import decodeQR from "qr/decode.js";
import type { Browser, Page } from "playwright-core";
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

/** What a phone reads in the codes that are shown. */
async function codesOf(page: Page): Promise<string[]> {
  const codes = page.locator("figure svg[role=img]");
  const texts: string[] = [];
  for (const code of await codes.all()) {
    const shot = await code.screenshot();
    const image = await page.evaluate(async (png) => {
      const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      const context = canvas.getContext("2d");
      context?.drawImage(picture, 0, 0);
      const { width, height } = picture;
      return { width, height, data: [...(context?.getImageData(0, 0, width, height).data ?? [])] };
    }, shot.toString("base64"));
    texts.push(decodeQR({ ...image, data: Uint8ClampedArray.from(image.data) }));
  }
  return texts;
}

/** Sends a weight as the app of the device would. */
function send(address: string, key: string): Promise<Response> {
  const at = new Date(Date.now() - 3_600_000).toISOString();
  return fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({ metric: "body_mass", value: 71.2, unit: "kg", recorded_at: at }),
  });
}

test.each(["light", "dark"] as const)(
  "a key in %s: shown once, scanned, its data seen arriving, revoked",
  async (colorScheme) => {
    const { context, page, complaints, elsewhere } = await open(browser, server.address, { colorScheme });
    await signIn(page, server.address, ada);
    await page.goto(`${server.address}/data`);
    await settled(page);
    const name = `Phone in ${colorScheme}`;
    await page.getByLabel("Name of the device").fill(name);
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    const panel = page.getByRole("region", { name });
    await panel.waitFor();
    expect(await findings(page)).toEqual([]);
    const texts = await panel.locator("code").allTextContents();
    const key = texts.find((text) => text.startsWith("clk_")) ?? "";
    const hook = texts.find((text) => text.includes("/api/v1/hooks/")) ?? "";
    expect(key).toMatch(/^clk_\S{40,}$/);
    expect(new URL(hook).origin).toBe(server.address);

    const [pairing = ""] = await codesOf(page);
    expect(pairing.startsWith("lifedashboard://pair#")).toBe(true);
    const told = new URLSearchParams(pairing.split("#")[1]);
    expect([told.get("url"), told.get("secret"), told.get("name")]).toEqual([hook, key, name]);
    await panel.getByRole("button", { name: "Health Auto Export" }).click();
    const [address = "", again] = await codesOf(page);
    expect(address).toBe(`${server.address}/api/v1/integrations/health-auto-export`);
    expect(again).toBe(key);
    expect(await findings(page)).toEqual([]);

    expect(await panel.textContent()).toContain("Waiting for the first data");
    expect((await send(hook, key)).status).toBe(202);
    await expect.poll(() => panel.textContent(), { timeout: 30_000 }).toContain(`${name} is connected`);
    await expect.poll(() => panel.textContent(), { timeout: 30_000 }).toContain("records are");

    // Nowhere any more: not on the page, not when it is read anew.
    await panel.getByRole("button", { name: "Done: it is connected" }).click();
    expect(await page.content()).not.toContain(key);
    await page.reload();
    await settled(page);
    expect(await page.content()).not.toContain(key);
    expect(await page.textContent("main#main")).toContain("last sent");
    expect(await page.getByRole("button", { name: `Show how to connect ${name}` }).count()).toBe(0);

    await page.getByRole("button", { name: `Revoke the key of ${name}` }).click();
    await page.getByRole("alert").getByRole("button", { name: "Revoke" }).click();
    await expect.poll(() => page.textContent("main#main")).not.toContain(name);
    expect((await send(hook, key)).status).toBe(401);
    expect(elsewhere).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  },
);

test("a key that was not used yet is shown again after a reload, and not to somebody else", async () => {
  const { context, page } = await open(browser, server.address);
  await signIn(page, server.address, ada);
  await page.goto(`${server.address}/data`);
  await settled(page);
  await page.getByLabel("Name of the device").fill("Watch");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  const key = await page.locator("code", { hasText: "clk_" }).textContent();
  await page.reload();
  await settled(page);
  expect(await page.content()).not.toContain(key);
  await page.getByRole("button", { name: "Show how to connect Watch" }).click();
  expect(await page.locator("code", { hasText: "clk_" }).textContent()).toBe(key);
  await context.close();

  const bob = { email: "bob@example.org", password: ada.password };
  const other = await open(browser, server.address);
  await other.page.request.post(`${server.address}/api/v1/auth/register`, { data: bob });
  await signIn(other.page, server.address, bob);
  await other.page.goto(`${server.address}/data`);
  await settled(other.page);
  expect(await other.page.textContent("main#main")).toContain("No app is connected.");
  await other.context.close();
});
