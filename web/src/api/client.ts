/** The public API, with types from its own document. Sessions are cookies; no token is ever seen here. */
import createClient from "openapi-fetch";
import { Remembered } from "./remembered";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** What went wrong, as the pages show it. */
export class Failure extends Error {
  readonly kind: "offline" | "signed-out" | "problem";
  readonly code: string;
  readonly status: number;
  /** Seconds after which it may be tried again, where too much was asked at once. */
  waitS: number | undefined;
  readonly errors: { pointer: string; message: string }[];

  constructor(kind: Failure["kind"], message: string, problem?: Schemas["Problem"]) {
    super(message);
    this.kind = kind;
    this.code = problem?.code ?? kind;
    this.status = problem?.status ?? 0;
    this.errors = problem?.errors ?? [];
  }
}

const listeners = new Set<() => void>();

/** Calls back when the server says that nobody is signed in. */
export function onSignedOut(listener: () => void): void {
  listeners.add(listener);
}

const lines = new Set<(isOpen: boolean) => void>();

/** Calls back with whether a request reached the server, at each. */
export function onAsked(listener: (isOpen: boolean) => void): void {
  lines.add(listener);
}

/** Letters of answers that are kept, of all and of one. */
const remembered = new Remembered(24_000_000, 6_000_000);

/** Nothing that was read stays. */
export function forgetAnswers(): void {
  remembered.forget();
}

/** Asks the server; where it cannot be reached, what it said before is there to be read. */
async function reached(request: Request): Promise<Response> {
  const isRead = request.method === "GET";
  const { url } = request;
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    // Whoever went on asks no more: that is no lost connection.
    if (request.signal.aborted) throw error;
    for (const listener of lines) listener(false);
    const before = isRead ? remembered.find(url) : undefined;
    if (!before) throw error;
    return before;
  }
  for (const listener of lines) listener(true);
  // What was taken away here is not shown again.
  if (request.method === "DELETE") remembered.forget();
  if (isRead && response.ok) void keep(url, response.clone());
  return response;
}

async function keep(url: string, response: Response): Promise<void> {
  const type = response.headers.get("content-type") ?? "";
  const text = await response.text().catch(() => undefined);
  if (text !== undefined) remembered.keep(url, text, type);
}

/** Waits that a page makes by itself before it reads again; longer ones it says. */
const WAIT_MAX_S = 5;

/** Seconds that a refused request should wait; unknown when it was not refused for want of room. */
function waitOf(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return [429, 503].includes(response.status) && Number.isFinite(seconds) ? seconds : undefined;
}

/** Reads; one that came too soon after others is read again when the server has room. */
async function patient(request: Request): Promise<Response> {
  const isRead = request.method === "GET";
  const again = isRead ? request.clone() : request;
  const response = await reached(request);
  const wait = isRead ? waitOf(response) : undefined;
  if (wait === undefined || wait > WAIT_MAX_S) return response;
  await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  return reached(again);
}

let ask: (() => Promise<boolean>) | undefined;

/** Calls back when something sensitive wants a recent sign-in; returns whether the person showed that it is them. */
export function onStale(asks: () => Promise<boolean>): void {
  ask = asks;
}

/** What the server says to something sensitive when the sign-in was long ago. */
export const STALE = "recent_login_required";

async function isStale(response: Response): Promise<boolean> {
  if (response.status !== 403) return false;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return typeof body === "object" && body !== null && "code" in body && body.code === STALE;
}

/** Asks; where the server first wants to know that it is really the person, asks them and repeats it. */
async function surely(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await patient(request);
  if (!(await isStale(response)) || !(await ask?.())) return response;
  return patient(again);
}

export const client = createClient<paths>({ baseUrl: "/", credentials: "same-origin", fetch: surely });

/** What is asked for as JSON: where a response may also be a table of bytes, the document. */
type Read<T> = [T] extends [string] ? T : Exclude<T, string>;

/** Turns an answer of the client into its data, or throws a Failure. */
export async function data<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<Read<T>> {
  let got: { data?: T; error?: unknown; response: Response };
  try {
    got = await answer;
  } catch {
    throw new Failure("offline", "");
  }
  if (got.response.ok) return got.data as Read<T>;
  throw failure(got.response.status, got.error, waitOf(got.response));
}

/** The Failure of a refused request. */
export function failure(status: number, body: unknown, waitS?: number): Failure {
  const problem =
    typeof body === "object" && body !== null && "code" in body ? (body as Schemas["Problem"]) : undefined;
  const code: string | undefined = problem?.code;
  if (status === 401 && code !== "credentials_invalid") {
    for (const listener of listeners) listener();
    return new Failure("signed-out", problem?.detail ?? "", problem);
  }
  const found = new Failure("problem", problem?.detail ?? `HTTP ${status}`, problem);
  found.waitS = waitS;
  return found;
}
