// The HTTP interface: addresses, keys, ETags, problem documents, arrays of float32.
import { signal } from "@preact/signals";

const KEY = "lpl-api-key";
const REMEMBERED = 300;

export interface FieldError {
  path: string;
  message: string;
}

/** The service refused: it says why. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors: FieldError[] = [],
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** Nobody answered, or somebody who is not the service. */
export class Away extends Error {}

/** Whether the service answers; said once, at the top of the page. */
export const connection = signal<{ away: string | null; since: number }>({ away: null, since: 0 });
/** Counts the keys used so far: whoever shows data reads again under another key. */
export const keyVersion = signal(0);
/** Whether the service asks for a key that it does not have. */
export const keyWanted = signal(false);

export function apiKey(): string | null {
  return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
}

export function useKey(key: string | null, keep: boolean): void {
  for (const store of [sessionStorage, localStorage]) store.removeItem(KEY);
  if (key) (keep ? localStorage : sessionStorage).setItem(KEY, key);
  known.clear();
  keyWanted.value = false;
  keyVersion.value += 1;
}

/** An address relative to the page: a proxy may serve it below any path. */
export function located(path: string): string {
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}

/** Makes repetitions of one request harmless (`randomUUID` is for secure contexts only). */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const known = new Map<string, { etag: string; body: unknown }>();

function remember(path: string, etag: string, body: unknown): void {
  known.delete(path);
  known.set(path, { etag, body });
  if (known.size > REMEMBERED) known.delete(known.keys().next().value as string);
}

function headers(extra: Record<string, string>): Record<string, string> {
  const key = apiKey();
  return key ? { ...extra, Authorization: `Bearer ${key}` } : extra;
}

const PROXY = new Set([502, 504]);

async function answered(path: string, options: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(located(path), { ...options, cache: "no-store" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw away("The service does not answer.");
  }
  const document = response.headers.get("Content-Type")?.includes("json") ?? false;
  if (PROXY.has(response.status) || (response.status >= 500 && !document)) {
    throw away(`A server between this page and the service answered ${response.status}.`);
  }
  if (response.status === 503 && !(await isBusy(response))) throw away("The service is there, but its database does not answer.");
  if (connection.value.away !== null) connection.value = { away: null, since: Date.now() };
  if (response.ok || response.status === 304) return response;
  throw await problemOf(response);
}

/** Whether it is only this that has to wait: somebody else's export or prediction is being made. */
async function isBusy(response: Response): Promise<boolean> {
  return ((await response.clone().json().catch(() => ({}))) as { busy?: boolean }).busy === true;
}

function away(message: string): Away {
  if (connection.value.away !== message) connection.value = { away: message, since: Date.now() };
  return new Away(message);
}

async function problemOf(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => ({}));
  if (response.status === 401) keyWanted.value = true;
  const said = body.detail || body.title || `The service answered ${response.status}.`;
  const wait = Number(response.headers.get("Retry-After"));
  return new Problem(response.status, said, body.errors ?? [], Number.isFinite(wait) && wait > 0 ? wait : null);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const before = known.get(path);
  const response = await answered(path, {
    headers: headers(before ? { "If-None-Match": before.etag } : {}),
    ...(signal ? { signal } : {}),
  });
  if (response.status === 304 && before) return before.body as T;
  const body = await response.json();
  const etag = response.headers.get("ETag");
  if (etag) remember(path, etag, body);
  return body as T;
}

export async function send<T>(method: string, path: string, body?: unknown, extra: Record<string, string> = {}): Promise<T> {
  const options: RequestInit = { method, headers: headers(body === undefined ? extra : { ...extra, "Content-Type": "application/json" }) };
  if (body !== undefined) options.body = typeof body === "string" ? body : JSON.stringify(body);
  const response = await answered(path, options);
  return (response.status === 204 ? null : await response.json()) as T;
}

/** Posts a form, or JSON as text, to an address that answers 503 while it has others to serve. */
export async function asked<T>(path: string, body: FormData | string): Promise<T> {
  const kind: Record<string, string> = typeof body === "string" ? { "Content-Type": "application/json" } : {};
  return (await answered(path, { method: "POST", headers: headers(kind), body })).json();
}

/** A per-class series: `values` holds `epochs.length` rows of `classes` float32 values, NaN where undefined. */
export interface Matrix {
  epochs: number[];
  classes: number;
  values: Float32Array;
}

export async function matrix(path: string, signal?: AbortSignal): Promise<Matrix> {
  const response = await answered(path, {
    headers: headers({ Accept: "application/octet-stream" }),
    ...(signal ? { signal } : {}),
  });
  const [rows = 0, classes = 0] = (response.headers.get("Lpl-Shape") ?? "").split(",").map(Number);
  const values = new Float32Array(await response.arrayBuffer());
  if (values.length !== rows * classes) throw new Away("An answer was cut off.");
  return { epochs: ranges(response.headers.get("Lpl-Epochs") ?? ""), classes, values };
}

/** "1-3,7" -> [1, 2, 3, 7]. */
function ranges(text: string): number[] {
  return text.split(",").filter(Boolean).flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** What follows a matrix, put below it. */
export function joined(before: Matrix, more: Matrix): Matrix {
  if (!more.epochs.length) return before;
  const values = new Float32Array(before.values.length + more.values.length);
  values.set(before.values);
  values.set(more.values, before.values.length);
  return { epochs: [...before.epochs, ...more.epochs], classes: more.classes, values };
}

export async function text(path: string, signal?: AbortSignal): Promise<string> {
  return (await answered(path, { headers: headers({}), ...(signal ? { signal } : {}) })).text();
}

export async function download(path: string, filename: string): Promise<void> {
  save(await (await answered(path, { headers: headers({}) })).blob(), filename);
}

export function save(blob: Blob, filename: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
