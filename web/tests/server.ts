/** A server of the tests: the built program on a free port with a folder of its own, ended with the tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Server {
  address: string;
  demo: Account | null;
  /** The other person of the demo. */
  other: Account | null;
  setupCode: string | null;
  stop: () => Promise<void>;
}

/** Time for the demo person to be stored and computed. */
const READY_MS = 150_000;

export async function start(...flags: string[]): Promise<Server> {
  const program = process.env["CLARITY_BINARY"];
  if (!program) throw new Error("CLARITY_BINARY names the program to test");
  const folder = await mkdtemp(join(tmpdir(), "clarity-window-"));
  // Settings of whoever runs the tests are not those of this server.
  const others = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("CLARITY_")),
  );
  const child = spawn(
    program,
    ["serve", "--json", "--data-dir", folder, "--listen", "127.0.0.1:0", ...flags],
    {
      stdio: ["ignore", "pipe", "inherit"],
      // The limits are those of everybody: a page that asks too much fails here first.
      // A busy machine takes its time; what is sensitive asks again in `factor.test.ts`, which sets its own.
      env: {
        ...others,
        CLARITY_LOG_LEVEL: "warn",
        ...(flags.includes("--config") ? {} : { CLARITY_TOKENS_RECENT_S: "86400" }),
      },
    },
  );
  const told = await firstLine(child);
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const server = {
    address: told.address,
    demo: told.demo,
    other: told.demo_other,
    setupCode: told.setup_code,
    stop,
  };
  if (server.demo) await ready(server);
  return server;
}

interface Told {
  address: string;
  demo: Account | null;
  demo_other: Account | null;
  setup_code: string | null;
}

function firstLine(child: ChildProcess): Promise<Told> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) return reject(new Error("no output"));
    createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line) as Told));
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

export interface Account {
  email: string;
  password: string;
}

/** Creates the first account of an empty server. */
export async function setUp(server: Server, account: Account, zone = "Europe/Berlin"): Promise<void> {
  const answer = await fetch(`${server.address}/api/v1/setup`, {
    method: "POST",
    // Only a page of the server itself may do this.
    headers: { "content-type": "application/json", origin: server.address },
    body: JSON.stringify({ code: server.setupCode, ...account, profile: { time_zone: zone } }),
  });
  if (!answer.ok) throw new Error(`the first account: ${answer.status} ${await answer.text()}`);
}

/** The API as a program asks it, signed in as the demo person or somebody else. */
export async function api(
  server: Server,
  account: Account | null = server.demo,
): Promise<(path: string) => Promise<any>> {
  const token = await tokenOf(server, account);
  return async (path) => {
    const answer = await fetch(`${server.address}/api/v1${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
}

/** One sign-in for each person and server: signing in is limited. */
const tokens = new Map<string, Promise<string>>();

export function tokenOf(server: Server, account: Account | null): Promise<string> {
  const key = `${server.address} ${account?.email ?? ""}`;
  const found = tokens.get(key) ?? login(server, account);
  tokens.set(key, found);
  return found;
}

async function login(server: Server, account: Account | null): Promise<string> {
  const answer = await fetch(`${server.address}/api/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(account),
  });
  if (!answer.ok) throw new Error(`signing in: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** Waits until every day of a person is computed; of the demo person, also until something stands out. */
export async function ready(server: Server, account: Account | null = server.demo): Promise<void> {
  const get = await api(server, account);
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    const status = await get("/insights/status");
    if (status.pending_days === 0 && (status.latest || account !== server.demo)) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error("the days were not computed in time");
}
