// Somebody is allowed to read one kind of data: they see exactly that, until it is ended or ends; the owner sees who
// looked and what for.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findings, launch, open, refusals, settled, signIn, type Watched } from "./browser";
import { ready, type Server, setUp, start, tokenOf } from "./server";

const PASSWORD = "correct horse battery staple";
const ada = { email: "ada@example.org", password: PASSWORD };
const bob = { email: "bob@example.org", password: PASSWORD };
const PURPOSE = "second opinion";

let server: Server;
let browser: Browser;

/** A request of the API as a program makes it. */
async function ask(who: typeof ada, method: string, path: string, body?: unknown): Promise<Response> {
  const headers = {
    authorization: `Bearer ${await tokenOf(server, who)}`,
    "content-type": "application/json",
  };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return fetch(`${server.address}/api/v1${path}`, init);
}

/** A night and a heart rate of hers. */
async function fill(): Promise<void> {
  const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
  const from = Date.parse(`${day}T22:00:00Z`);
  const at = (minutes: number): string => new Date(from + minutes * 60_000).toISOString();
  const sent = await ask(ada, "POST", "/healthkit", {
    category_samples: [
      {
        type: "HKCategoryTypeIdentifierSleepAnalysis",
        value: 3,
        start_date: at(0),
        end_date: at(433),
        source_name: "Watch",
      },
    ],
    quantity_samples: [
      {
        type: "HKQuantityTypeIdentifierHeartRate",
        value: 51,
        unit: "count/min",
        start_date: at(60),
        end_date: at(60),
        source_name: "Watch",
      },
    ],
  });
  expect(sent.status).toBe(202);
  await ready(server, ada);
}

beforeAll(async () => {
  server = await start();
  browser = await launch();
  await setUp(server, ada);
  const registered = await fetch(`${server.address}/api/v1/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(bob),
  });
  expect(registered.status).toBe(201);
  await fill();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  expect(refusals).toEqual([]);
});

async function at(who: typeof ada, path: string, more = {}): Promise<Watched> {
  const seen = await open(browser, server.address, more);
  await signIn(seen.page, server.address, who);
  await seen.page.goto(`${server.address}${path}`);
  await settled(seen.page);
  return seen;
}

test.each(["light", "dark"] as const)(
  "in %s: allowed in the settings, looked at, seen in the log, ended",
  async (colorScheme) => {
    const owner = await at(ada, "/settings", { colorScheme });
    const { page } = owner;
    expect(await page.textContent("main#main")).toContain("Nobody but you.");
    await page.getByLabel("Their e-mail address").fill(bob.email);
    const form = page.locator("form", { has: page.getByRole("button", { name: "Let them read" }) });
    await form.getByLabel("Sleep", { exact: true }).check();
    await page.getByLabel("What for").fill(PURPOSE);
    expect(await findings(page)).toEqual([]);
    await page.getByRole("button", { name: "Let them read" }).click();
    const end = page.getByRole("button", { name: `End what ${bob.email} may read` });
    await end.waitFor();
    expect(await findings(page)).toEqual([]);

    const reader = await at(bob, "/settings", { colorScheme });
    const asked: string[] = [];
    reader.context.on("request", (request) => asked.push(request.url()));
    await reader.page.getByRole("button", { name: `Look at the data of ${ada.email}` }).click();
    await reader.page.waitForURL("**/sleep");
    await settled(reader.page);
    const shown = reader.page.locator("main#main");
    await expect.poll(() => shown.textContent()).toContain(`You look at the data of ${ada.email}`);
    await expect.poll(() => shown.textContent()).toContain("7 h 13 min");
    expect(await findings(reader.page)).toEqual([]);
    const nights = asked.filter((url) => url.includes("/api/v1/sleep?"));
    expect(nights.length).toBeGreaterThan(0);
    expect(nights.every((url) => url.includes("user_id="))).toBe(true);

    // Nothing else is there to be seen.
    await reader.page.getByRole("link", { name: "Heart", exact: true }).first().click();
    await settled(reader.page);
    await expect.poll(() => shown.textContent()).toContain("does not cover heart");
    expect(await shown.textContent()).not.toContain("51");
    await reader.page.getByRole("link", { name: "Sleep", exact: true }).first().click();
    await settled(reader.page);

    // She sees who looked and what for, and ends it: with his next question he sees nothing.
    await page.reload();
    await settled(page);
    const log = `${bob.email} read the nights`;
    await expect.poll(() => page.textContent("main#main")).toContain(log);
    expect(await page.textContent("main#main")).toContain(`as you allowed for “${PURPOSE}”`);
    await page.getByRole("button", { name: `End what ${bob.email} may read` }).click();
    await page.getByRole("alert").getByRole("button", { name: "End", exact: true }).click();
    await expect.poll(() => page.textContent("main#main")).toContain("Nobody but you.");
    const refused = reader.page.waitForResponse((got) => got.url().includes("user_id="));
    await reader.page.getByRole("link", { name: "Workouts", exact: true }).first().click();
    expect((await refused).status()).toBe(404);
    await reader.page.getByRole("button", { name: "Back to my own" }).click();
    await settled(reader.page);
    expect(await shown.textContent()).not.toContain("You look at the data");
    for (const seen of [owner, reader]) {
      expect(seen.elsewhere).toEqual([]);
      // What was not allowed is said by the browser as well.
      expect(seen.complaints.filter((text) => !text.includes("403"))).toEqual([]);
      await seen.context.close();
    }
  },
);

test("what was allowed ends by itself at the time that was said", async () => {
  const expires = Date.now() + 6_000;
  const granted = await ask(ada, "POST", "/grants", {
    reader: bob.email,
    scopes: ["sleep"],
    purpose: PURPOSE,
    expires_at: new Date(expires).toISOString(),
  });
  expect(granted.status).toBe(201);
  const owner = ((await (await ask(ada, "GET", "/auth/me")).json()) as { id: string }).id;
  const nights = (): Promise<Response> => ask(bob, "GET", `/sleep?user_id=${owner}`);
  expect((await nights()).status).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, expires - Date.now() + 50));
  expect((await nights()).status).toBe(404);
  const reader = await at(bob, "/settings");
  expect(await reader.page.textContent("main#main")).toContain("ended");
  expect(await reader.page.getByRole("button", { name: /^Look at the data/ }).count()).toBe(0);
  expect(reader.complaints).toEqual([]);
  await reader.context.close();
});
