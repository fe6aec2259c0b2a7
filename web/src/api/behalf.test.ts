import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { asked, NOT_SHOWN, READABLE } from "./behalf";

test("every address that others may read is known, and no other", () => {
  const file = new URL("../../../docs/generated/openapi.json", import.meta.url);
  const paths = JSON.parse(readFileSync(file, "utf8")).paths as Record<string, any>;
  const takes = (operation: any): boolean =>
    (operation?.parameters ?? []).some((one: any) => one.in === "query" && one.name === "user_id");
  const found = Object.keys(paths).filter((path) => takes(paths[path].get));
  expect(new Set(found)).toEqual(new Set([...READABLE, ...NOT_SHOWN]));
});

test("whoever looks at somebody changes nothing", () => {
  expect(asked("GET", "/api/v1/sleep")).toBe("named");
  expect(asked("GET", "/api/v1/auth/me")).toBe("own");
  expect(asked("GET", "/api/v1/user/profile")).toBe("own");
  expect(asked("PUT", "/api/v1/user/preferences")).toBe("refused");
  expect(asked("POST", "/api/v1/imports")).toBe("refused");
  expect(asked("DELETE", "/api/v1/auth/browser")).toBe("own");
});
