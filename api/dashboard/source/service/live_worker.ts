// One event stream for all tabs of one key: a browser has six connections to a service.
export interface Hello {
  kind: "hello";
  address: string;
  key: string | null;
  visible: boolean;
}
export interface Seen {
  kind: "visible";
  visible: boolean;
}
export interface Bye {
  kind: "bye";
}
export interface LiveEvent {
  event: string;
  job: string | null;
  data: Record<string, unknown>;
}
export type FromWorker = { kind: "events"; events: LiveEvent[] } | { kind: "open" | "lost" } | { kind: "tabs"; tabs: number };

const BACK_OFF = [1000, 2000, 4000, 8000, 15_000];
const SILENCE_MILLISECONDS = 20_000;
const GATHER_MILLISECONDS = 150;

class Stream {
  readonly ports = new Map<MessagePort, boolean>();
  private last: string | null = null;
  private tries = 0;
  private waiting: LiveEvent[] = [];
  private stopped = false;
  private abort = new AbortController();
  private open = false;

  constructor(private readonly address: string, private readonly key: string | null) {
    void this.run();
  }

  tell(message: FromWorker): void {
    for (const port of this.ports.keys()) port.postMessage(message);
  }

  count(): void {
    this.tell({ kind: "tabs", tabs: [...this.ports.values()].filter(Boolean).length });
  }

  greet(port: MessagePort): void {
    if (this.open) port.postMessage({ kind: "open" } satisfies FromWorker);
  }

  stop(): void {
    this.stopped = true;
    this.abort.abort();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.read();
      } catch {
        // what ended the stream does not matter: it is opened again
      }
      if (this.open) this.tell({ kind: "lost" });
      this.open = false;
      const wait = BACK_OFF[Math.min(this.tries, BACK_OFF.length - 1)] ?? 15_000;
      this.tries += 1;
      await new Promise((done) => setTimeout(done, wait * (0.75 + Math.random() / 2)));
    }
  }

  private async read(): Promise<void> {
    this.abort = new AbortController();
    let silence = setTimeout(() => this.abort.abort(), SILENCE_MILLISECONDS);
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (this.key) headers.Authorization = `Bearer ${this.key}`;
    if (this.last) headers["Last-Event-ID"] = this.last;
    const response = await fetch(this.address, { headers, signal: this.abort.signal, cache: "no-store" });
    if (!response.ok || !response.body) throw new Error(String(response.status));
    this.open = true;
    this.tries = 0;
    this.tell({ kind: "open" });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return clearTimeout(silence);
      clearTimeout(silence);
      silence = setTimeout(() => this.abort.abort(), SILENCE_MILLISECONDS);
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) this.take(block);
    }
  }

  private take(block: string): void {
    const fields: Record<string, string> = {};
    for (const line of block.split("\n")) {
      const at = line.indexOf(":");
      if (at > 0) fields[line.slice(0, at)] = (fields[line.slice(0, at)] ?? "") + line.slice(at + 1).trimStart();
    }
    if (fields.id) this.last = fields.id;
    if (!fields.event || !fields.data) return;
    const data = JSON.parse(fields.data) as Record<string, unknown>;
    const job = typeof data.job === "string" ? data.job : null;
    if (!this.waiting.length) setTimeout(() => this.deliver(), GATHER_MILLISECONDS);
    this.waiting.push({ event: fields.event, job, data });
  }

  private deliver(): void {
    this.tell({ kind: "events", events: this.waiting.splice(0) });
  }
}

const streams = new Map<string, Stream>();

function leave(port: MessagePort): void {
  for (const [name, stream] of streams) {
    if (!stream.ports.delete(port)) continue;
    stream.count();
    if (!stream.ports.size) {
      stream.stop();
      streams.delete(name);
    }
  }
}

function hear(port: MessagePort, message: Hello | Seen | Bye): void {
  if (message.kind === "bye") return leave(port);
  if (message.kind === "hello") {
    leave(port);
    const name = `${message.address} ${message.key ?? ""}`;
    const stream = streams.get(name) ?? new Stream(message.address, message.key);
    streams.set(name, stream);
    stream.ports.set(port, message.visible);
    stream.greet(port);
    return stream.count();
  }
  for (const stream of streams.values()) {
    if (!stream.ports.has(port)) continue;
    stream.ports.set(port, message.visible);
    stream.count();
  }
}

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0];
  if (!port) return;
  port.onmessage = (message: MessageEvent<Hello | Seen | Bye>) => hear(port, message.data);
});
