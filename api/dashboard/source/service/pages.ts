// Lists that the service gives page by page.
import { useMemo } from "preact/hooks";
import { get, keyVersion } from "./http";
import { type Options, type Resource, useReading } from "./resource";

export interface Page<T> {
  items: T[];
  next?: string | null;
}

function readPage<T>(address: string, cursor: string | null, signal: AbortSignal): Promise<Page<T>> {
  return get<Page<T>>(cursor ? `${address}&cursor=${encodeURIComponent(cursor)}` : address, signal);
}

/** A whole list. The address has a query already. */
export async function readAll<T>(address: string, signal: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await readPage<T>(address, cursor, signal);
    items.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor);
  return items;
}

/** Pages of the beginning that are read again: what changes further down shows after a reload. */
const PAGES_READ_AGAIN = 10;

/** A list that grows as one scrolls: what is there is not read again for more, and its beginning is when asked once more. */
class Growing<T> {
  private items: T[] = [];
  private next: string | null = null;
  private begun = false;

  constructor(
    private readonly address: string,
    private readonly key: (item: T) => string,
  ) {}

  async read(wanted: number, signal: AbortSignal): Promise<Grown<T>> {
    const grows = !this.begun || (this.next !== null && this.items.length < wanted);
    await (grows ? this.grow(wanted, signal) : this.readAgain(signal));
    return { items: this.items, more: this.next !== null };
  }

  private async grow(wanted: number, signal: AbortSignal): Promise<void> {
    do {
      const page: Page<T> = await readPage<T>(this.address, this.next, signal);
      this.items = [...this.items, ...page.items];
      this.next = page.next ?? null;
      this.begun = true;
    } while (this.next !== null && this.items.length < wanted);
  }

  private async readAgain(signal: AbortSignal): Promise<void> {
    const fresh: T[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Page<T> = await readPage<T>(this.address, cursor, signal);
      fresh.push(...page.items);
      cursor = page.next ?? null;
      pages += 1;
    } while (cursor && fresh.length < this.items.length && pages < PAGES_READ_AGAIN);
    const rest = cursor === null ? [] : following(this.items, fresh, this.key);
    if (!rest.length) this.next = cursor;
    this.items = [...fresh, ...rest];
  }
}

/** What of a list comes after what was read again of its beginning. */
function following<T>(before: T[], fresh: T[], key: (item: T) => string): T[] {
  const known = new Set(fresh.map(key));
  const end = before.findLastIndex((item) => known.has(key(item)));
  return before.slice(end + 1);
}

export interface Grown<T> {
  items: T[];
  /** Whether there is more than was read. */
  more: boolean;
}

/** The first `wanted` items of a list, or all where there are fewer. The address has a query already; `key` tells items apart. */
export function useGrowing<T>(address: string, wanted: number, key: (item: T) => string, about?: Options["about"]): Resource<Grown<T>> {
  const list = useMemo(() => new Growing<T>(address, key), [address, keyVersion.value]);
  return useReading(`${address} ${wanted}`, (signal) => list.read(wanted, signal), { about, keep: true });
}
