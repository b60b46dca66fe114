// Sends a file with progress, which `fetch` does not tell.
import { apiKey, Away, keyWanted, located, Problem } from "./http";

export interface Sending<T> {
  /** The service's answer. */
  answer: Promise<T>;
  cancel: () => void;
}

/** The person who sent it has changed their mind. */
export class Cancelled extends Error {}

/** Fields first: the service can refuse them before the file has come. */
export function sendFile<T>(path: string, fields: Record<string, string>, file: File, progress: (sent: number) => void): Sending<T> {
  const form = new FormData();
  for (const [name, text] of Object.entries(fields)) form.append(name, text);
  form.append("file", file);
  const request = new XMLHttpRequest();
  request.open("POST", located(path));
  const key = apiKey();
  if (key) request.setRequestHeader("Authorization", `Bearer ${key}`);
  request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
  const answer = new Promise<T>((resolve, reject) => {
    request.onload = () => (request.status === 201 ? resolve(JSON.parse(request.responseText) as T) : reject(refusal(request)));
    request.onerror = () => reject(new Away("The connection broke while the file was sent; nothing was kept."));
    request.onabort = () => reject(new Cancelled("The upload was cancelled; nothing was kept."));
  });
  request.send(form);
  return { answer, cancel: () => request.abort() };
}

function refusal(request: XMLHttpRequest): Problem {
  if (request.status === 401) keyWanted.value = true;
  try {
    const body = JSON.parse(request.responseText);
    return new Problem(request.status, body.detail || body.title, body.errors ?? []);
  } catch {
    return new Problem(request.status, `A server between this page and the service answered ${request.status}.`);
  }
}
