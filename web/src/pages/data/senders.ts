/** Apps that send by themselves: where each posts to, and how it shows the key of its device. */

export interface Sender {
  name: string;
  /** The address to type into the app. */
  address: string;
  /** How the app shows the key. */
  way: "code" | "header" | "token";
}

/** The senders of a device whose own address is `url`, which ends with `/api/v1/hooks/…`. */
export function sendersOf(url: string): Sender[] {
  const [api = "", device = ""] = url.split(/\/hooks\/(?=[^/]*$)/);
  return [
    { name: "Life Dashboard Companion", address: url, way: "code" },
    { name: "Health Connect Webhook", address: url, way: "header" },
    { name: "Health Auto Export", address: `${api}/integrations/health-auto-export`, way: "header" },
    { name: "Shortcuts", address: `${api}/health-data`, way: "header" },
    { name: "Open Wearables SDK", address: `${api}/sdk/users/${device}/sync`, way: "token" },
  ];
}
