import {
  type ChannelMessage,
  CLOSE_UNAUTHORIZED,
  type ErrorMessage,
  HEARTBEAT_MS,
  type ServerMessage,
} from "./protocol";

/** Where the one socket of the page stands. */
export type LinkStatus =
  | { readonly phase: "connecting"; readonly attempt: number }
  | { readonly phase: "open" }
  | { readonly phase: "waiting"; readonly retryAt: number; readonly reason: string }
  | { readonly phase: "unauthorized" }
  | { readonly phase: "closed" };

/** What is known of a channel, so that the server can replay what was missed. */
export type Known = { readonly seq: number; readonly epoch: string } | null;

export type LinkEvents = {
  readonly onStatus: (status: LinkStatus) => void;
  readonly onMessage: (message: ChannelMessage) => void;
  /** An operation on a channel was refused. */
  readonly onRefused: (channel: string, error: ErrorMessage) => void;
  readonly known: (channel: string) => Known;
};

/** What is needed of a `WebSocket`. */
export type Socket = {
  send(text: string): void;
  close(): void;
  onopen: ((event: Event) => unknown) | null;
  onmessage: ((event: MessageEvent) => unknown) | null;
  onclose: ((event: CloseEvent) => unknown) | null;
};

export type LinkTimers = {
  readonly now: () => number;
  readonly later: (run: () => void, ms: number) => number;
  readonly cancel: (timer: number) => void;
  /** Between 0 and 1. */
  readonly random: () => number;
};

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Two heartbeats and a half without a word: the socket is dead although it looks open. */
const SILENCE_MS = 2.5 * HEARTBEAT_MS;
/** Refusals that pass by themselves: the broker is not there yet. The channel is asked for again and again. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  "not_connected",
  "broker_unreachable",
  "broker_timeout",
  "overloaded",
]);
const ASK_AGAIN_MS = 1_000;

/** The page's socket: authenticates by its first message, keeps the wanted channels subscribed, comes back by itself. */
export class StreamLink {
  private socket: Socket | null = null;
  private readonly wanted = new Map<string, number>();
  private readonly askedAgain = new Set<string>();
  private attempt = 0;
  private timer: number | null = null;
  private heardAt = 0;
  private isOpen = false;
  private isStopped = true;

  constructor(
    private readonly connect: () => Socket,
    private readonly token: () => string,
    private readonly events: LinkEvents,
    private readonly timers: LinkTimers,
  ) {}

  /** Open the socket; idempotent. */
  start(): void {
    if (!this.isStopped) return;
    this.isStopped = false;
    this.open();
  }

  /** Close the socket for good. */
  stop(): void {
    this.isStopped = true;
    this.clearTimer();
    this.drop();
    this.events.onStatus({ phase: "closed" });
  }

  /** Try at once instead of at the end of the wait. */
  retryNow(): void {
    if (this.isStopped || this.socket !== null) return;
    this.clearTimer();
    this.open();
  }

  /** Read a channel; counted, and ended by the function that is returned. */
  subscribe(channel: string): () => void {
    const readers = this.wanted.get(channel) ?? 0;
    this.wanted.set(channel, readers + 1);
    if (readers === 0 && this.isOpen) this.ask("subscribe", channel);
    let isEnded = false;
    return () => {
      if (isEnded) return;
      isEnded = true;
      this.unsubscribe(channel);
    };
  }

  /** Tell a newer token to the open socket; one that opens asks for it by itself. */
  authenticate(): void {
    if (this.isOpen) this.send({ op: "authenticate", token: this.token() });
  }

  /** Ask for a snapshot: something is missing. */
  resync(channel: string): void {
    if (this.isOpen && this.wanted.has(channel)) this.send({ op: "resync", channel });
  }

  private unsubscribe(channel: string): void {
    const readers = (this.wanted.get(channel) ?? 1) - 1;
    if (readers > 0) {
      this.wanted.set(channel, readers);
      return;
    }
    this.wanted.delete(channel);
    if (this.isOpen) this.send({ op: "unsubscribe", channel });
  }

  private open(): void {
    this.attempt += 1;
    this.events.onStatus({ phase: "connecting", attempt: this.attempt });
    const socket = this.connect();
    this.socket = socket;
    this.heardAt = this.timers.now();
    socket.onopen = () => this.send({ op: "authenticate", token: this.token() });
    socket.onmessage = (event) => this.hear(JSON.parse(String(event.data)) as ServerMessage);
    socket.onclose = (event) => this.lost(event.code, event.reason);
    this.watch();
  }

  private hear(message: ServerMessage): void {
    this.heardAt = this.timers.now();
    if (message.kind === "ack") {
      if (message.op === "authenticate" && !this.isOpen) this.opened();
    } else if (message.kind === "error") {
      if (message.channel !== null) this.refused(message.channel, message);
    } else if (this.wanted.has(message.channel)) {
      this.events.onMessage(message);
    }
  }

  private refused(channel: string, message: ErrorMessage): void {
    this.events.onRefused(channel, message);
    if (!PASSING_CODES.has(message.code) || this.askedAgain.has(channel)) return;
    this.askedAgain.add(channel);
    this.timers.later(() => {
      this.askedAgain.delete(channel);
      if (this.isOpen && this.wanted.has(channel)) this.ask("subscribe", channel);
    }, ASK_AGAIN_MS);
  }

  private opened(): void {
    this.isOpen = true;
    this.attempt = 0;
    this.events.onStatus({ phase: "open" });
    for (const channel of this.wanted.keys()) this.ask("subscribe", channel);
  }

  private ask(op: "subscribe", channel: string): void {
    const known = this.events.known(channel);
    this.send(known === null ? { op, channel } : { op, channel, from_seq: known.seq, epoch: known.epoch });
  }

  private send(operation: object): void {
    this.socket?.send(JSON.stringify(operation));
  }

  private lost(code: number, reason: string): void {
    this.drop();
    if (this.isStopped) return;
    if (code === CLOSE_UNAUTHORIZED) {
      this.isStopped = true;
      this.clearTimer();
      this.events.onStatus({ phase: "unauthorized" });
      return;
    }
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, this.attempt - 1));
    const wait = longest * (0.5 + this.timers.random() / 2);
    this.events.onStatus({
      phase: "waiting",
      retryAt: this.timers.now() + wait,
      reason: reason || `closed (${code})`,
    });
    this.clearTimer();
    this.timer = this.timers.later(() => this.open(), wait);
  }

  /** End a socket that has fallen silent: the browser may take minutes to notice. */
  private watch(): void {
    this.clearTimer();
    const left = this.heardAt + SILENCE_MS - this.timers.now();
    this.timer = this.timers.later(() => {
      if (this.heardAt + SILENCE_MS <= this.timers.now()) this.lost(1006, "the server fell silent");
      else this.watch();
    }, left);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.isOpen = false;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private clearTimer(): void {
    if (this.timer !== null) this.timers.cancel(this.timer);
    this.timer = null;
  }
}
