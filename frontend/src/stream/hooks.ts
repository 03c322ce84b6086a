import { createContext, useContext, useEffect } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { Row } from "./protocol";
import { type ChannelState, WAITING } from "./reduce";
import { streamStore } from "./store";
import type { Stream } from "./stream";

export const StreamContext = createContext<Stream | null>(null);

/** The page's stream; throws outside of a signed-in page. */
export function useStream(): Stream {
  const stream = useContext(StreamContext);
  if (stream === null) throw new Error("no stream: the page is not signed in");
  return stream;
}

/** Read a channel while the component is on screen; null reads nothing. */
export function useSubscription(channel: string | null): void {
  const stream = useStream();
  useEffect(() => (channel === null ? undefined : stream.subscribe(channel)), [stream, channel]);
}

/** A part of a channel's state, taken by a selector; the component renders when that part changes (shallowly). */
export function useChannel<Part>(channel: string | null, select: (state: ChannelState) => Part): Part {
  useSubscription(channel);
  return useStore(
    streamStore,
    useShallow((state) => select((channel === null ? undefined : state.channels[channel]) ?? WAITING)),
  );
}

/** The rows of a list channel as the server lists them; `Shape` is the schema of one row. */
export function useRows<Shape>(channel: string | null): readonly Shape[] {
  useSubscription(channel);
  const rows = useStore(streamStore, (state) =>
    channel === null ? null : (state.channels[channel]?.rows ?? null),
  );
  return listOf(rows) as unknown as readonly Shape[];
}

const NO_ROWS: readonly Row[] = [];
const LISTS = new WeakMap<ReadonlyMap<string, Row>, readonly Row[]>();

/** One list for one state of a channel, whoever reads it: comparing lists row by row costs more than drawing them. */
function listOf(rows: ReadonlyMap<string, Row> | null): readonly Row[] {
  if (rows === null) return NO_ROWS;
  const known = LISTS.get(rows) ?? [...rows.values()];
  LISTS.set(rows, known);
  return known;
}

/** One row of a list channel by its key. */
export function useRow<Shape>(channel: string | null, key: string): Shape | null {
  return useChannel(channel, (state): Row | null => state.rows?.get(key) ?? null) as Shape | null;
}

/** The value of a value channel (quotes, depth). */
export function useValue<Shape>(channel: string | null): Shape | null {
  return useChannel(channel, (state): Row | null => state.value) as Shape | null;
}

export type Trust = {
  readonly phase: ChannelState["phase"];
  readonly asOf: string | null;
  readonly detail: string | null;
};

/** How far a channel can be trusted now. */
export function useTrust(channel: string): Trust {
  return useChannel(channel, ({ phase, asOf, refusal }) => ({
    phase,
    asOf,
    detail: refusal?.detail ?? null,
  }));
}
