// Goals: one is set, stands where the days say, is reached, and goes again.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findings, launch, open, refusals, settled, signIn } from "./browser";
import { api, type Server, start } from "./server";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await start("--demo");
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  expect(refusals).toEqual([]);
});

test("a goal is set, stands where the days say, is reached and removed", async () => {
  const { context, page, complaints } = await open(browser, server.address, {
    viewport: { width: 375, height: 800 },
    locale: "en-GB",
  });
  await signIn(page, server.address, server.demo ?? { email: "", password: "" });
  await page.goto(`${server.address}/goals`);
  await settled(page);
  await page.getByText("No goal yet").waitFor();
  await page.getByLabel("What it is about").selectOption("steps");
  await page.getByLabel("Start").fill("4000");
  await page.getByLabel("Target").fill("20000");
  await page.getByRole("button", { name: "Set this goal" }).click();
  const goal = page.getByRole("region", { name: "Steps" });
  await goal.waitFor();
  const [said] = (await (await api(server))("/health-goals")).data;
  const now = said.standing.value as number;
  expect(now).toBeGreaterThan(0);
  const shown = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 }).format(now);
  expect(await goal.locator("[data-lens]").innerText()).toBe(shown);
  const done = await goal.locator("progress").getAttribute("value");
  expect(Number(done)).toBeCloseTo(said.standing.progress_percent, 6);
  expect(await findings(page)).toEqual([]);

  await goal.getByRole("button", { name: "Steps: reached" }).click();
  await page.getByText("1 goal that is over").click();
  await goal.getByRole("button", { name: "Steps: take up again" }).waitFor();
  await page.getByText("No goal is active").waitFor();
  expect((await (await api(server))("/health-goals?status=completed")).data.length).toBe(1);
  await goal.getByRole("button", { name: "Steps: remove" }).click();
  await goal.getByRole("button", { name: "Remove", exact: true }).click();
  await goal.waitFor({ state: "detached" });
  await page.getByText("No goal yet").waitFor();
  expect((await (await api(server))("/health-goals")).data).toEqual([]);
  expect(complaints).toEqual([]);
  await context.close();
});

test("a goal that the server refuses says why and keeps what was typed", async () => {
  const { context, page } = await open(browser, server.address);
  await signIn(page, server.address, server.demo ?? { email: "", password: "" });
  await page.goto(`${server.address}/goals`);
  await settled(page);
  await page.getByLabel("What it is about").selectOption("");
  await page.getByLabel("In my words").fill("Read more");
  await page.getByLabel("Target").fill("10000000000");
  await page.getByRole("button", { name: "Set this goal" }).click();
  const alert = page.getByRole("alert");
  expect(await alert.innerText()).toContain("Target value must lie between");
  expect(await page.getByLabel("In my words").inputValue()).toBe("Read more");
  await context.close();
});
