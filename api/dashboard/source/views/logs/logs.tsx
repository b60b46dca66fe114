// A run's log: newest lines first read, older ones on the way up; the end is followed while one is there.
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { plural } from "../../parts/format";
import { Failure, Loading } from "../../parts/states";
import { type Resource, useReading } from "../../service/resource";
import type { LogEntry } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { say } from "../../shell/notices";
import { LogBuffer } from "./log_buffer";

const LEVELS: [string, string][] = [["", "all"], ["warning", "warnings and errors"], ["error", "errors"]];
const RANKS: Record<string, number> = { debug: 0, info: 1, warning: 2, error: 3, critical: 4 };
const NEAR = 32;

interface Read {
  lines: LogEntry[];
  complete: boolean;
}

interface Log extends Resource<Read> {
  busy: boolean;
  readOlder: () => void;
}

function useLog(run: string, line: number): Log {
  const buffer = useMemo(() => new LogBuffer(run), [run]);
  const [, draw] = useReducer((n: number) => n + 1, 0);
  const [busy, setBusy] = useState(false);
  const running = useRef(false);
  const read = async (signal: AbortSignal): Promise<Read> => {
    await buffer.readNewer(signal);
    if (line) await buffer.readTo(line, signal);
    return { lines: buffer.lines, complete: buffer.complete };
  };
  const about = (event: { event: string; data: Record<string, unknown> }) => event.event === "reset" || ((event.event === "log" || event.event === "state") && event.data.run === run);
  const reading = useReading(`log of ${run}`, read, { about });
  async function readOlder(): Promise<void> {
    if (running.current || buffer.complete) return;
    running.current = true;
    setBusy(true);
    try {
      await buffer.readOlder();
    } catch (error) {
      say(`Older lines could not be read: ${(error as Error).message}`, true);
    } finally {
      running.current = false;
      setBusy(false);
      draw(0);
    }
  }
  return { ...reading, value: reading.value && { lines: buffer.lines, complete: buffer.complete }, busy, readOlder: () => void readOlder() };
}

export function Logs({ run, tall, level = 2 }: { run: string; tall?: boolean; level?: 2 | 3 }) {
  const line = Number(query.value.get("line")) || 0;
  const log = useLog(run, line);
  const asked = { level: query.value.get("level") ?? "", find: query.value.get("find") ?? "" };
  const Heading = level === 2 ? "h2" : "h3";
  const shown = useMemo(() => matching(log.value?.lines ?? [], asked), [log.value?.lines, asked.level, asked.find]);
  return (
    <section class="panel log">
      <div class="row spread">
        <Heading>Log</Heading>
        <Filters asked={asked} />
      </div>
      {!log.value && log.error && <Failure error={log.error} what="The log" again={log.refresh} />}
      {!log.value && !log.error && <Loading what="the log" />}
      {log.value && <Lines key={run} log={log} read={log.value} shown={shown} marked={line} filtered={Boolean(asked.level || asked.find)} tall={tall} />}
    </section>
  );
}

function matching(lines: LogEntry[], { level, find }: { level: string; find: string }): LogEntry[] {
  const least = RANKS[level] ?? 0;
  const text = find.toLocaleLowerCase();
  if (!least && !text) return lines;
  return lines.filter((line) => (RANKS[line.level] ?? 1) >= least && line.message.toLocaleLowerCase().includes(text));
}

function Filters({ asked }: { asked: { level: string; find: string } }) {
  return (
    <div class="row small">
      <label class="row">
        Level
        <select value={asked.level} onChange={(event) => setQuery({ level: event.currentTarget.value })}>
          {LEVELS.map(([level, title]) => <option key={level} value={level}>{title}</option>)}
        </select>
      </label>
      <label class="row">
        Holds
        <input type="search" data-search value={asked.find} onInput={(event) => setQuery({ find: event.currentTarget.value })} />
      </label>
    </div>
  );
}

interface LinesProperties {
  log: Log;
  read: Read;
  shown: LogEntry[];
  marked: number;
  filtered: boolean;
  tall?: boolean;
}

function Lines({ log, read, shown, marked, filtered, tall }: LinesProperties) {
  const box = useRef<HTMLDivElement>(null);
  const { unseen, onScroll, toEnd } = useFollowing(box, shown, marked, () => !filtered && log.readOlder());
  const first = read.lines[0];
  return (
    <>
      <div ref={box} class={tall ? "log-lines tall" : "log-lines"} tabIndex={0} role="region" aria-label="Lines of the log" onScroll={onScroll} onKeyDown={moveAmongLines}>
        {!read.complete && (
          <p class="log-top"><button type="button" disabled={log.busy} onClick={log.readOlder}>{log.busy ? "Reading older lines …" : filtered ? "Look through older lines too" : "Older lines"}</button></p>
        )}
        {shown.map((line, i) => <Line key={line.id} line={line} marked={line.id === marked} before={shown[i - 1] ?? null} reached={i === shown.length - 1} />)}
        {!shown.length && <p class="quiet">{filtered && read.lines.length ? `None of the ${plural(read.lines.length, "line")} read so far matches.` : "No lines yet: they come when a worker takes the run."}</p>}
      </div>
      <div class="row spread small quiet" role="status">
        <span>{plural(shown.length, "line")} shown{filtered ? ` of ${read.lines.length.toLocaleString("en")} read` : ""}{read.complete || !first ? "" : filtered ? `; nothing before ${clock(first.created_at)} has been looked through` : `; lines before ${clock(first.created_at)} are read as you scroll up`}</span>
        {unseen > 0 && <button type="button" class="primary" onClick={toEnd}>{plural(unseen, "new line")} ↓</button>}
      </div>
    </>
  );
}

const clock = (at: string) => new Date(at).toLocaleTimeString([], { hour12: false });

/** Keeps the place: at the end it follows, elsewhere it counts what is new, and what comes above moves nothing. */
function useFollowing(box: { current: HTMLDivElement | null }, shown: LogEntry[], marked: number, onTop: () => void) {
  const atEnd = useRef(!marked);
  const [unseen, setUnseen] = useState(0);
  const before = useRef<{ first: number; last: number; height: number }>({ first: 0, last: 0, height: 0 });
  const markShown = useRef(0);
  const first = shown[0]?.id ?? 0;
  const last = shown.at(-1)?.id ?? 0;
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const was = before.current;
    const grewAbove = was.first > 0 && first < was.first && last === was.last;
    if (grewAbove) element.scrollTop += element.scrollHeight - was.height;
    else if (atEnd.current) element.scrollTop = element.scrollHeight;
    else if (was.last && last > was.last) setUnseen((n) => n + shown.filter((line) => line.id > was.last).length);
    before.current = { first, last, height: element.scrollHeight };
  }, [first, last, shown.length]);
  useEffect(() => {
    if (!marked || markShown.current === marked) return;
    const line = box.current?.querySelector(`[data-line="${marked}"]`);
    if (!line || !box.current) return;
    markShown.current = marked;
    atEnd.current = false;
    box.current.scrollTop += line.getBoundingClientRect().top - box.current.getBoundingClientRect().top - box.current.clientHeight / 3;
  });
  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    if (atEnd.current && unseen) setUnseen(0);
    if (element.scrollTop < NEAR && element.scrollHeight > element.clientHeight) onTop();
  };
  const toEnd = () => {
    atEnd.current = true;
    setUnseen(0);
    box.current?.scrollTo(0, box.current.scrollHeight);
    box.current?.focus({ preventScroll: true });
  };
  return { unseen, onScroll, toEnd };
}

/** One line is reached by Tab, the others from there by arrow keys. */
function moveAmongLines(event: KeyboardEvent): void {
  const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
  const line = (event.target as HTMLElement).closest("[data-line]");
  if (!step || !line) return;
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll("[data-line]")];
  event.preventDefault();
  all[all.indexOf(line) + step]?.querySelector("button")?.focus();
}

function Line({ line, marked, before, reached }: { line: LogEntry; marked: boolean; before: LogEntry | null; reached: boolean }) {
  const at = new Date(line.created_at);
  const address = () => setQuery({ line: line.id });
  return (
    <>
      {line.attempt !== null && line.attempt > 1 && line.attempt !== before?.attempt && <p class="log-attempt">attempt {line.attempt}</p>}
      <p class={`log-line ${line.level}${marked ? " marked" : ""}`} data-line={line.id} aria-current={marked ? "true" : undefined}>
        <button type="button" class="plain" tabIndex={reached ? 0 : -1} title={`${at.toLocaleString()}: put this line into the address`} aria-label={`Line of ${clock(line.created_at)}: put it into the address`} onClick={address}>{clock(line.created_at)}</button>
        {line.level !== "info" && <strong>{line.level}</strong>}
        <span>{line.message}</span>
      </p>
    </>
  );
}
