/** The public API, with types from its own document. Sessions are cookies; no token is ever seen here. */
import createClient from "openapi-fetch";
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
  const response = await fetch(request);
  const wait = isRead ? waitOf(response) : undefined;
  if (wait === undefined || wait > WAIT_MAX_S) return response;
  await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  return fetch(again);
}

export const client = createClient<paths>({ baseUrl: "/", credentials: "same-origin", fetch: patient });

/** Turns an answer of the client into its data, or throws a Failure. */
export async function data<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  let got: { data?: T; error?: unknown; response: Response };
  try {
    got = await answer;
  } catch {
    throw new Failure("offline", "");
  }
  if (got.response.ok) return got.data as T;
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
