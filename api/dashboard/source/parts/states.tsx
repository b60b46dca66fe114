// The states of a view beside "there": each in words that say what to do.
import type { ComponentChildren } from "preact";
import { Away, Problem, keyWanted } from "../service/http";
import type { Resource } from "../service/resource";

export function Loading({ what }: { what: string }) {
  return <p class="quiet loading" role="status">Reading {what} …</p>;
}

export function Failure({ error, what, again }: { error: Error; what: string; again?: () => void }) {
  if (error instanceof Away) {
    return <div class="state-box" role="alert"><p>{error.message} {what} will show as soon as it is back.</p></div>;
  }
  const status = error instanceof Problem ? error.status : 0;
  return (
    <div class="state-box bad" role="alert">
      <p>{WORDS[status]?.(what) ?? `${what}: ${error.message}`}</p>
      {status === 401 && <button type="button" class="primary" onClick={() => (keyWanted.value = true)}>Enter a key</button>}
      {status !== 401 && status !== 404 && again && <button type="button" onClick={again}>Try again</button>}
      {status === 404 && <a href="#/">All jobs</a>}
    </div>
  );
}

const WORDS: Record<number, (what: string) => string> = {
  401: (what) => `${what} needs an API key.`,
  403: (what) => `${what} needs a key with more rights than this one has; an administrator can make one.`,
  404: (what) => `${what} is not there: it was deleted, or the address is of another service.`,
  429: () => "This key has made as many requests as it may for now; the page goes on by itself in a moment.",
};

/** Shows what was read, and says what is the matter where it was not; what is there stays while it is read again. */
export function Shown<T>({ of, what, children }: { of: Resource<T>; what: string; children: (value: T) => ComponentChildren }) {
  if (of.value !== null) {
    const refused = of.error instanceof Problem && of.error.status !== 429;
    return (
      <>
        {refused && of.error && <Failure error={of.error} what={what} again={of.refresh} />}
        {children(of.value)}
      </>
    );
  }
  if (of.error) return <Failure error={of.error} what={what} again={of.refresh} />;
  return <Loading what={what} />;
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="state-box quiet">{children}</div>;
}

/** What was wrong with a request, field by field. */
export function Errors({ error }: { error: Error | null }) {
  if (!error) return null;
  const errors = error instanceof Problem ? error.errors : [];
  return (
    <div class="errors" role="alert">
      {!errors.length && <p>{error.message}</p>}
      {errors.length > 0 && (
        <ul>
          {errors.map((each) => (
            <li key={`${each.path} ${each.message}`}><code>{each.path || "request"}</code>: {each.message}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
