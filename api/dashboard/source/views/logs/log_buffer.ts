// The part of a log that has been read: it begins at the newest lines and grows both ways.
import { get } from "../../service/http";
import type { LogEntry, LogList } from "../../service/types";

const TAIL = 300;
const OLDER = 500;
const PAGES_TO_CATCH_UP = 10;
const PAGES_TO_A_LINE = 60;

export class LogBuffer {
  /** Oldest first. */
  lines: LogEntry[] = [];
  /** Where the lines before these are; null where there are none. */
  private older: string | null = null;

  constructor(private readonly run: string) {}

  get complete(): boolean {
    return this.older === null;
  }

  private page(limit: number, cursor: string | null, signal?: AbortSignal): Promise<LogList> {
    const from = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    return get<LogList>(`/v1/runs/${this.run}/logs?order=desc&limit=${limit}${from}`, signal);
  }

  /** Reads what is newer than the last line; returns how many lines that is. */
  async readNewer(signal: AbortSignal): Promise<number> {
    const last = this.lines.at(-1)?.id ?? -1;
    const fresh: LogEntry[] = [];
    let page = await this.page(TAIL, null, signal);
    const older = page.next ?? null;
    for (let pages = 1; ; pages += 1) {
      fresh.push(...page.items.filter((line) => line.id > last));
      const met = page.items.some((line) => line.id <= last);
      if (met || !page.next || last < 0) break;
      if (pages >= PAGES_TO_CATCH_UP) {
        this.lines = []; // too far behind: the lines between can be read by going up
        break;
      }
      page = await this.page(TAIL, page.next, signal);
    }
    if (!this.lines.length) this.older = last < 0 ? older : (page.next ?? null);
    this.lines = [...this.lines, ...fresh.reverse()];
    return last < 0 ? 0 : fresh.length;
  }

  async readOlder(signal?: AbortSignal): Promise<void> {
    if (this.older === null) return;
    const page = await this.page(OLDER, this.older, signal);
    this.older = page.next ?? null;
    this.lines = [...[...page.items].reverse(), ...this.lines];
  }

  /** Reads on upwards until the line is among those read. */
  async readTo(id: number, signal?: AbortSignal): Promise<void> {
    for (let pages = 0; pages < PAGES_TO_A_LINE && this.older !== null && (this.lines[0]?.id ?? 0) > id; pages += 1) await this.readOlder(signal);
  }
}
