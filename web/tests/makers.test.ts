// Files of other makers: the page says where their buttons are, knows what is dropped, shows what it held, and asks for
// what a file does not say.
import type { Browser, Page } from "playwright-core";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { en } from "../src/words/en";
import { findings, launch, open, refusals, settled, signIn } from "./browser";
import { type Server, setUp, start } from "./server";

const ada = { email: "ada@example.org", password: "correct horse battery staple" };
let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await start();
  browser = await launch();
  await setUp(server, ada, "UTC");
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  expect(refusals).toEqual([]);
});

/** An archive of files as they are. */
function zip(files: Record<string, string>): Buffer {
  const parts = Object.entries(files).map(([name, text]) => {
    const content = Buffer.from(text);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(20, 4);
    header.writeUInt32LE(crc32(content), 14);
    header.writeUInt32LE(content.length, 18);
    header.writeUInt32LE(content.length, 22);
    header.writeUInt16LE(Buffer.byteLength(name), 26);
    return Buffer.concat([header, Buffer.from(name), content]);
  });
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  return Buffer.concat([...parts, end]);
}

async function drop(page: Page, name: string, content: Buffer): Promise<void> {
  await page.evaluate(
    ({ name, bytes }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], name));
      document
        .querySelector(".drop")
        ?.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    },
    { name, bytes: [...content] },
  );
}

test("a maker's zip is known by its content, and the report says what it held", async () => {
  const { context, page, complaints, elsewhere } = await open(browser, server.address, { timezoneId: "UTC" });
  await signIn(page, server.address, ada);
  await page.goto(`${server.address}/data`);
  await settled(page);
  await page.getByText(en.data.makersWhere).click();
  for (const maker of en.data.makersAll) {
    // Two sentences, and nothing that is an address.
    expect(maker.where.split(/[.:] /).length, maker.name).toBeGreaterThan(1);
    expect(maker.where).not.toMatch(/https?:|www\.|\.com/);
    await page.getByText(maker.where).waitFor();
  }
  expect(await findings(page)).toEqual([]);

  const folder = "Takeout/Fitbit/Global Export Data";
  const steps = [7, 8, 9].map((minute) => ({ dateTime: `03/28/26 07:0${minute}:00`, value: "61" }));
  const upload = zip({
    [`${folder}/steps-2026-03-05.json`]: JSON.stringify(steps),
    [`${folder}/distance-2026-03-05.json`]: `${JSON.stringify(steps).slice(0, -30)}`,
    "Takeout/Fitbit/Your Profile/Profile.csv": "id,full_name\n1,Somebody\n",
  });
  await drop(page, "renamed by somebody.bin", upload);
  const report = page.locator(".drop [role=status]");
  await expect.poll(() => report.textContent(), { timeout: 60_000 }).toContain("records are new or changed.");
  await page.getByText(en.data.found).click();
  const text = (await report.textContent()) ?? "";
  expect(text).toContain("steps json: 1 file read");
  expect(text).toContain("Fitbit: known by its content");
  expect(text).toContain(en.data.damaged);
  expect(text).toContain(en.data.leftOut);
  expect(text).not.toContain("Somebody");
  expect(await findings(page)).toEqual([]);
  expect([complaints, elsewhere]).toEqual([[], []]);
  await context.close();
});

test("where a file does not say the unit of weights, the page asks, and reads it once more", async () => {
  const { context, page, complaints } = await open(browser, server.address, { timezoneId: "UTC" });
  await signIn(page, server.address, ada);
  await page.goto(`${server.address}/data`);
  await settled(page);
  await drop(page, "measurements.csv", Buffer.from("Date,Weight\n2026-03-27,172.4\n2026-03-28,171.8\n"));
  const report = page.locator(".drop [role=status]");
  await expect.poll(() => report.textContent(), { timeout: 60_000 }).toContain("2 were refused.");
  await page.getByText(en.data.askUnit).waitFor();
  expect(await findings(page)).toEqual([]);
  await page.getByRole("button", { name: en.data.pounds }).click();
  await expect
    .poll(() => report.textContent(), { timeout: 60_000 })
    .toContain("2 records are new or changed.");
  expect(await page.getByText(en.data.askUnit).count()).toBe(0);
  const answer = await page.request.get(
    `${server.address}/api/v1/series/body_mass?start=2026-03-27T00:00:00Z&end=2026-03-28T00:00:00Z&resolution=raw`,
  );
  const { columns } = (await answer.json()) as { columns: { value: number[] } };
  expect(columns.value[0]).toBeCloseTo(172.4 * 0.45359237, 6);
  expect(complaints).toEqual([]);
  await context.close();
});
