// Said instead of a page for administrators.
import { Problem, keyWanted } from "../../service/http";

export const isForbidden = (error: Error | null): boolean => error instanceof Problem && error.status === 403;

export function Forbidden({ what }: { what: string }) {
  return (
    <div class="state-box" role="alert">
      <p>{what} is for administrators: the key in use lacks the scope <code>admin</code>.</p>
      <p>Use another key, or let somebody at the service's machine make one: <code>lpl key create NAME --scope admin</code>.</p>
      <button type="button" class="primary" onClick={() => (keyWanted.value = true)}>Use another key</button>
    </div>
  );
}
