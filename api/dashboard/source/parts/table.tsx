// A real table: sortable heads, rows that are drawn only where they are seen, cells by column.
import { Virtualizer, observeWindowOffset, observeWindowRect, windowScroll } from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useEffect, useReducer, useRef } from "preact/hooks";

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ComponentChildren;
  /** Name to sort by, where one may. */
  sort?: string;
  number?: boolean;
  wide?: boolean;
  /** Said on hover of the head. */
  hint?: string;
}

export interface TableProperties<T> {
  /** What the table shows; read aloud, and shown where `shownCaption`. */
  caption: string;
  shownCaption?: boolean;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  /** "name" or "-name"; a press on a head asks for another. */
  sort?: string;
  onSort?: (sort: string) => void;
  rowClass?: (row: T) => string | undefined;
  /** Above this many rows only those in sight are drawn. */
  virtualAbove?: number;
  rowHeight?: number;
  /** Called when the end of the rows is near. */
  onEnd?: () => void;
}

const OVERSCAN = 12;

export function Table<T>(properties: TableProperties<T>) {
  const { caption, columns, rows, sort, onSort } = properties;
  const body = useRef<HTMLTableSectionElement>(null);
  const virtual = rows.length > (properties.virtualAbove ?? 120);
  const seen = useRowsInSight(body, rows.length, properties.rowHeight ?? 37, virtual);
  useEffect(() => {
    if (properties.onEnd && seen.last >= rows.length - 10) properties.onEnd();
  }, [seen.last, rows.length, Boolean(properties.onEnd)]);
  const shown = virtual ? rows.slice(seen.first, seen.last + 1) : rows;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class={virtual ? "virtual" : undefined} aria-rowcount={rows.length + 1}>
        <caption class={properties.shownCaption ? undefined : "hidden"}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" class={column.number ? "number" : undefined} title={column.hint} aria-sort={ordered(column, sort)}>
                {column.sort && onSort ? <SortButton column={column} sort={sort} onSort={onSort} /> : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {virtual && seen.above > 0 && <tr aria-hidden="true" class="spacer"><td colSpan={columns.length} height={seen.above} /></tr>}
          {shown.map((row, i) => (
            <tr key={properties.rowKey(row)} class={properties.rowClass?.(row)} aria-rowindex={(virtual ? seen.first : 0) + i + 2}>
              {columns.map((column) => (
                <td key={column.key} class={column.number ? "number" : column.wide ? "wide" : undefined}>{column.cell(row)}</td>
              ))}
            </tr>
          ))}
          {virtual && seen.below > 0 && <tr aria-hidden="true" class="spacer"><td colSpan={columns.length} height={seen.below} /></tr>}
        </tbody>
      </table>
    </div>
  );
}

function ordered<T>(column: Column<T>, sort: string | undefined): "ascending" | "descending" | undefined {
  if (!column.sort || !sort) return undefined;
  return sort === column.sort ? "ascending" : sort === `-${column.sort}` ? "descending" : undefined;
}

function SortButton<T>({ column, sort, onSort }: { column: Column<T>; sort: string | undefined; onSort: (sort: string) => void }) {
  const order = ordered(column, sort);
  const next = order === "descending" ? (column.sort as string) : order === "ascending" ? `-${column.sort}` : column.number ? (column.sort as string) : `-${column.sort}`;
  return (
    <button type="button" class="sort" onClick={() => onSort(next)}>
      {column.title}
      <span aria-hidden="true">{order === "ascending" ? " ▲" : order === "descending" ? " ▼" : ""}</span>
    </button>
  );
}

interface InSight {
  first: number;
  last: number;
  above: number;
  below: number;
}

function useRowsInSight(body: { current: HTMLElement | null }, count: number, height: number, wanted: boolean): InSight {
  const [, draw] = useReducer((n: number) => n + 1, 0);
  const virtualizer = useRef<Virtualizer<Window, HTMLElement> | null>(null);
  if (!virtualizer.current) {
    virtualizer.current = new Virtualizer<Window, HTMLElement>({
      count,
      getScrollElement: () => window,
      estimateSize: () => height,
      overscan: OVERSCAN,
      observeElementRect: observeWindowRect,
      observeElementOffset: observeWindowOffset,
      scrollToFn: windowScroll,
      initialRect: { width: innerWidth, height: innerHeight },
    });
  }
  const rows = virtualizer.current;
  const top = body.current ? body.current.getBoundingClientRect().top + scrollY : 0;
  rows.setOptions({ ...rows.options, count, enabled: wanted, scrollMargin: top, estimateSize: () => height, onChange: () => draw(0) });
  useEffect(() => rows._didMount(), []);
  useEffect(() => rows._willUpdate());
  if (!wanted) return { first: 0, last: count - 1, above: 0, below: 0 };
  const items = rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? Math.min(count - 1, 40);
  return { first, last, above: first * height, below: Math.max(0, (count - 1 - last) * height) };
}
