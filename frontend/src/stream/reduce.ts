import { type ChannelMessage, type Row, shapeOf } from "./protocol";

/**
 * What the screen knows of one channel. Pure: the state after a message is a function of both.
 *
 * `waiting` has nothing yet; `live` follows without a hole; `gap` keeps its old data, which must be shown as old,
 * until a snapshot comes; `refused` says why the server does not offer the channel.
 */
export type ChannelState = {
  readonly phase: "waiting" | "live" | "gap" | "refused";
  readonly epoch: string | null;
  readonly seq: number;
  /** When the server last said anything on the channel, a heartbeat included; its own clock. */
  readonly asOf: string | null;
  /** Rows by key, newest first as the server lists them; null for channels of one value. */
  readonly rows: ReadonlyMap<string, Row> | null;
  readonly value: Row | null;
  readonly refusal: { readonly code: string; readonly detail: string } | null;
};

export const WAITING: ChannelState = {
  phase: "waiting",
  epoch: null,
  seq: 0,
  asOf: null,
  rows: null,
  value: null,
  refusal: null,
};

/** Rows that a list without an end of its own keeps; the server's snapshot keeps fewer. */
export const KEPT_ROWS = 1_000;

/**
 * Take one message of the channel in.
 *
 * A snapshot always holds. A delta holds when it is the next one of the same epoch, and a heartbeat when its number is
 * the known one: then nothing is missing, whatever happened to the link. A known delta changes nothing; any other
 * message means that something is missing: the state becomes `gap`, and whoever called asks for a resync.
 */
export function reduce(state: ChannelState, message: ChannelMessage): ChannelState {
  if (message.kind === "snapshot") return withData(state, message, null);
  if (state.phase === "waiting" || state.phase === "refused") return state;
  const isSameEpoch = message.epoch === state.epoch;
  const expected = message.kind === "delta" ? state.seq + 1 : state.seq;
  if (isSameEpoch && message.seq < expected) return state;
  if (!isSameEpoch || message.seq > expected) return interrupted(state);
  return message.kind === "delta"
    ? withData(state, message, state)
    : { ...state, phase: "live", asOf: message.ts };
}

/**
 * Take messages of one channel in, oldest first: what `reduce` makes of them one after the other.
 *
 * Deltas of a list that follow each other are taken as one, because each time costs a copy of the list; a list that
 * grows beyond `KEPT_ROWS` is cut once, at their end.
 */
export function reduceAll(state: ChannelState, messages: readonly ChannelMessage[]): ChannelState {
  let after = state;
  let left = messages;
  while (left[0] !== undefined) {
    const run = runOf(after, left);
    after = run.length > 1 ? withData(after, asOne(run), after) : reduce(after, left[0]);
    left = left.slice(Math.max(1, run.length));
  }
  return after;
}

/** The first messages, as far as they are deltas of a list without a hole between them and the state. */
function runOf(state: ChannelState, messages: readonly ChannelMessage[]): readonly ChannelMessage[] {
  if (state.rows === null) return [];
  const isNext = ({ kind, epoch, seq }: ChannelMessage, index: number) =>
    kind === "delta" && epoch === state.epoch && seq === state.seq + 1 + index;
  const end = messages.findIndex((message, index) => !isNext(message, index));
  return end < 0 ? messages : messages.slice(0, end);
}

/** Deltas as one: all their rows, with the number and the time of the last. */
function asOne(run: readonly ChannelMessage[]): ChannelMessage {
  const last = run[run.length - 1] as ChannelMessage;
  const shape = shapeOf(last.channel);
  if (shape.kind === "value") return last;
  const rows = run.flatMap(({ data }) => ((data as Row | null)?.[shape.list] ?? []) as readonly Row[]);
  return { ...last, data: { [shape.list]: rows } as unknown as ChannelMessage["data"] };
}

/** The channel was refused: an unknown instrument, a feed that the broker does not have. */
export function refused(code: string, detail: string): ChannelState {
  return { ...WAITING, phase: "refused", refusal: { code, detail } };
}

/** The link is down: nothing is live until the server has spoken again. */
export function interrupted(state: ChannelState): ChannelState {
  return state.phase === "live" ? { ...state, phase: "gap" } : state;
}

function withData(state: ChannelState, message: ChannelMessage, before: ChannelState | null): ChannelState {
  const shape = shapeOf(message.channel);
  const common = {
    ...state,
    phase: "live" as const,
    epoch: message.epoch,
    seq: message.seq,
    asOf: message.ts,
    refusal: null,
  };
  const data = message.data as Row | null;
  if (shape.kind === "value") return { ...common, value: data };
  const listed = (data?.[shape.list] ?? []) as readonly Row[];
  return {
    ...common,
    rows: before === null ? byKey(listed, shape.key) : merged(before.rows, listed, shape.key),
  };
}

function byKey(listed: readonly Row[], key: (row: Row) => string): ReadonlyMap<string, Row> {
  return new Map(listed.map((row) => [key(row), row]));
}

/** Known rows keep their place, new ones come first; a delta lists the oldest change first. */
function merged(
  before: ReadonlyMap<string, Row> | null,
  listed: readonly Row[],
  key: (row: Row) => string,
): ReadonlyMap<string, Row> {
  const known = new Map(before ?? []);
  const fresh = new Map<string, Row>();
  for (const row of listed) {
    const name = key(row);
    if (known.has(name)) known.set(name, row);
    else fresh.set(name, row);
  }
  if (fresh.size === 0) return known;
  const rows = [...[...fresh].reverse(), ...known];
  return new Map(rows.slice(0, KEPT_ROWS));
}
