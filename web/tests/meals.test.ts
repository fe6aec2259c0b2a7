// Meals and quick entries: what is entered is on the page, in the day and in the vault, and is taken out again.
import type { Browser, Page } from "playwright-core";
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

async function signedIn(path: string, width: number): Promise<{ page: Page; complaints: string[] }> {
  const { page, complaints } = await open(browser, server.address, {
    viewport: { width, height: 800 },
    locale: "en-GB",
  });
  await signIn(page, server.address, server.demo ?? { email: "", password: "" });
  await page.goto(server.address + path);
  await settled(page);
  return { page, complaints };
}

const energy = (page: Page) =>
  page.getByRole("region", { name: "The day in total" }).locator("[data-lens]").first();

test("a meal is entered, counted, kept, eaten again and taken out", async () => {
  const { page, complaints } = await signedIn("/meals", 375);
  await page.getByLabel("What it was").fill("Lentil soup");
  await page.getByRole("spinbutton", { name: /^Energy/ }).fill("400");
  await page.getByLabel("Protein").fill("18");
  await page.getByRole("button", { name: "Enter this meal" }).click();
  const meal = page.getByRole("region", { name: "Lentil soup" });
  await meal.waitFor();
  expect(await meal.innerText()).toContain("protein 18 g");
  const get = await api(server);
  expect((await get("/nutrition-logs")).data[0].meal_description).toBe("Lentil soup");
  const kilocalories = async (): Promise<string> => (await energy(page).innerText()).replace(/\D/g, "");
  await expect.poll(kilocalories, { timeout: 20_000 }).toBe("400");
  expect(await findings(page)).toEqual([]);

  await meal.getByRole("button", { name: "Lentil soup: keep as favourite" }).click();
  await page.getByRole("button", { name: "Lentil soup: enter" }).click();
  await expect.poll(kilocalories, { timeout: 20_000 }).toBe("800");
  const removes = page.getByRole("button", { name: "Lentil soup: take out" });
  expect(await removes.count()).toBe(2);
  await removes.first().click();
  await page.getByRole("button", { name: "Take out", exact: true }).click();
  await expect.poll(kilocalories, { timeout: 20_000 }).toBe("400");
  expect((await get("/nutrition-logs")).data.length).toBe(1);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("two taps enter water, a mood, a weight or a favourite from any page, and one takes it back", async () => {
  const { page, complaints } = await signedIn("/sleep", 360);
  const get = await api(server);
  const before = (await get("/health-metrics")).data.length as number;
  await page.getByRole("button", { name: "Enter something" }).click();
  const dialog = page.getByRole("dialog");
  expect(await findings(page)).toEqual([]);
  await dialog.getByRole("button", { name: "300 mL" }).click();
  await dialog.getByText("Entered: Water 300 mL.").waitFor();
  const [water] = (await get("/health-metrics")).data;
  expect(water.value).toBe(300);
  await dialog.getByRole("button", { name: "Undo" }).click();
  await dialog.getByText("Taken back.").waitFor();
  expect((await get("/health-metrics")).data.length).toBe(before);

  await dialog.getByRole("button", { name: "Good", exact: true }).click();
  await dialog.getByText("Entered: Good.").waitFor();
  await dialog.getByRole("spinbutton").fill("71.5");
  await dialog.getByRole("button", { name: "Enter", exact: true }).click();
  await dialog.getByText(/Entered: Weight 71.5/).waitFor();
  expect((await get("/health-metrics")).data.length).toBe(before + 2);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("what the server refuses is said and stays to be mended", async () => {
  const { page } = await signedIn("/meals", 1440);
  await page.getByLabel("What it was").fill("A whole ox");
  await page.getByRole("spinbutton", { name: /^Energy/ }).fill("90000000");
  await page.getByRole("button", { name: "Enter this meal" }).click();
  await page.getByRole("alert").waitFor();
  expect(await page.getByLabel("What it was").inputValue()).toBe("A whole ox");
  await page.context().close();
});
