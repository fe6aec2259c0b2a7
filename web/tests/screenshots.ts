// The pictures of the README, from the demo person: five pages, light and dark.
import { mkdir } from "node:fs/promises";
import { test } from "vitest";
import { launch, open, settled, signIn } from "./browser";
import { start } from "./server";

const PAGES = { today: "/", sleep: "/sleep", activity: "/activity", heart: "/heart", explore: "/explore" };
const FOLDER = new URL("../../docs/pictures/", import.meta.url);

test("pictures", async () => {
  const server = await start("--demo");
  const browser = await launch();
  await mkdir(FOLDER, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    const viewport = { width: 1180, height: 760 };
    const { page } = await open(browser, server.address, { colorScheme, viewport });
    await signIn(page, server.address, server.demo ?? { email: "", password: "" });
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(server.address + path);
      await settled(page);
      // Today has little to show in the small hours.
      if (name === "today") await page.getByRole("button", { name: "Day before" }).click();
      await settled(page);
      await page.screenshot({ path: new URL(`${name}-${colorScheme}.png`, FOLDER).pathname });
    }
  }
  await browser.close();
  await server.stop();
});
