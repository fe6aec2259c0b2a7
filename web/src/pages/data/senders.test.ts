import { expect, test } from "vitest";
import { sendersOf } from "./senders";

test("each sender has its address on the server that the device reaches", () => {
  const found = sendersOf("https://health.example.org/deep/api/v1/hooks/17");
  expect(found.map((one) => one.address)).toEqual([
    "https://health.example.org/deep/api/v1/hooks/17",
    "https://health.example.org/deep/api/v1/hooks/17",
    "https://health.example.org/deep/api/v1/integrations/health-auto-export",
    "https://health.example.org/deep/api/v1/health-data",
    "https://health.example.org/deep/api/v1/sdk/users/17/sync",
  ]);
});
