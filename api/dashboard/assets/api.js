// The HTTP interface: keys, ETags, problem documents.
const KEY = "lpl-api-key";
const cache = new Map();

// Addresses relative to the page: a proxy may serve it below any path.
export function located(path) {
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}

export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `The service answered ${status}`);
    this.status = status;
    this.errors = document.errors || [];
  }
}

export function setKey(key) {
  sessionStorage.setItem(KEY, key);
  cache.clear();
}

export function headers(extra = {}) {
  const key = sessionStorage.getItem(KEY);
  return key ? { ...extra, Authorization: `Bearer ${key}` } : extra;
}

async function answer(response) {
  if (response.ok) return response.status === 204 ? null : response.json();
  const document = await response.json().catch(() => ({}));
  throw new Problem(response.status, document);
}

export async function get(path) {
  const known = cache.get(path);
  const response = await fetch(located(path), { headers: headers(known ? { "If-None-Match": known.etag } : {}) });
  if (response.status === 304) return known.body;
  const body = await answer(response);
  const etag = response.headers.get("ETag");
  if (etag) cache.set(path, { etag, body });
  return body;
}

export async function send(method, path, body, extra = {}) {
  const options = { method, headers: headers(body === undefined ? extra : { ...extra, "Content-Type": "application/json" }) };
  if (body !== undefined) options.body = typeof body === "string" ? body : JSON.stringify(body);
  return answer(await fetch(located(path), options));
}

// Makes repetitions of one request harmless. (`randomUUID` is for secure contexts only.)
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function download(path, filename) {
  const response = await fetch(located(path), { headers: headers() });
  if (!response.ok) await answer(response);
  save(await response.blob(), filename);
}

export function save(blob, filename) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
