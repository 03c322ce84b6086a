import { baseOf, type ChannelMessage } from "./protocol";

/** How long messages of a class wait until the screen takes them in, ms. Cost follows flushes, not messages. */
const WAIT_MS: Readonly<Record<string, number>> = {
  orders: 0,
  fills: 0,
  alerts: 0,
  risk: 0,
  connections: 100,
  strategies: 100,
  positions: 250,
  account: 250,
  pnl: 250,
};
const MARKET_MS = 100;
const HIDDEN_MS = 1_000;

/** More waiting messages than this and channels that conflate are given up and asked for anew. */
export const MOST_WAITING = 5_000;

/** The clock and the page, handed in so that tests need neither. */
export type Timers = {
  readonly now: () => number;
  readonly later: (run: () => void, ms: number) => number;
  readonly cancel: (timer: number) => void;
  readonly isHidden: () => boolean;
};

export type Scheduler = {
  readonly put: (message: ChannelMessage) => void;
  /** Forget what waits: its socket is gone. */
  readonly clear: () => void;
};

/**
 * Collect messages and hand them on in order, in batches: those that must not wait at once, others by their class.
 *
 * One batch holds everything that waits, so the order over all channels is kept and a flush renders once. When too
 * much waits, `overflow` is told the channels whose messages were dropped; orders and fills never are.
 */
export function createScheduler(
  timers: Timers,
  flush: (batch: readonly ChannelMessage[]) => void,
  overflow: (channels: ReadonlySet<string>) => void,
): Scheduler {
  let waiting: ChannelMessage[] = [];
  let timer: number | null = null;
  let dueAt = Number.POSITIVE_INFINITY;

  function run(): void {
    timer = null;
    dueAt = Number.POSITIVE_INFINITY;
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) flush(batch);
  }

  function wait(ms: number): void {
    const at = timers.now() + ms;
    if (at >= dueAt) return;
    if (timer !== null) timers.cancel(timer);
    dueAt = at;
    timer = timers.later(run, ms);
  }

  function dropConflated(): void {
    const dropped = new Set<string>();
    waiting = waiting.filter((message) => {
      const isKept = WAIT_MS[baseOf(message.channel)] === 0;
      if (!isKept) dropped.add(message.channel);
      return isKept;
    });
    overflow(dropped);
  }

  return {
    put(message) {
      waiting.push(message);
      if (waiting.length > MOST_WAITING) dropConflated();
      const ms = WAIT_MS[baseOf(message.channel)] ?? MARKET_MS;
      wait(ms > 0 && timers.isHidden() ? HIDDEN_MS : ms);
    },
    clear() {
      if (timer !== null) timers.cancel(timer);
      timer = null;
      dueAt = Number.POSITIVE_INFINITY;
      waiting = [];
    },
  };
}

/** The browser's clock and page. */
export const BROWSER_TIMERS: Timers = {
  now: () => performance.now(),
  later: (run, ms) => window.setTimeout(run, ms),
  cancel: (timer) => window.clearTimeout(timer),
  isHidden: () => document.hidden,
};
