// What an action did, said once and read aloud.
import { signal } from "@preact/signals";

interface Notice {
  id: number;
  text: string;
  bad: boolean;
}

const SHOWN_MILLISECONDS = 6000;
const notices = signal<Notice[]>([]);
let count = 0;

export function say(text: string, bad = false): void {
  const notice = { id: (count += 1), text, bad };
  notices.value = [...notices.value.slice(-3), notice];
  setTimeout(() => dismiss(notice.id), bad ? 3 * SHOWN_MILLISECONDS : SHOWN_MILLISECONDS);
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map((notice) => (
        <div key={notice.id} class={notice.bad ? "notice bad" : "notice"}>
          <span>{notice.text}</span>
          <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(notice.id)}>×</button>
        </div>
      ))}
    </div>
  );
}
