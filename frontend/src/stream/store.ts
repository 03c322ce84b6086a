import { createStore } from "zustand/vanilla";
import type { LinkStatus } from "./link";
import type { ChannelMessage } from "./protocol";
import { type ChannelState, interrupted, reduceAll, refused, WAITING } from "./reduce";

/** Everything that came over the stream. Rows keep their identity until they change. */
export type StreamState = {
  readonly link: LinkStatus;
  readonly channels: Readonly<Record<string, ChannelState>>;
};

export const streamStore = createStore<StreamState>(() => ({ link: { phase: "closed" }, channels: {} }));

/** Take a batch in with one change of the store; return the channels that miss something now. */
export function takeIn(batch: readonly ChannelMessage[]): ReadonlySet<string> {
  const channels = { ...streamStore.getState().channels };
  const missing = new Set<string>();
  for (const [channel, messages] of byChannel(batch)) {
    const before = channels[channel] ?? WAITING;
    const after = reduceAll(before, messages);
    channels[channel] = after;
    if (after.phase === "gap" && !isAsked(before, after)) missing.add(channel);
  }
  streamStore.setState({ channels });
  return missing;
}

/** Each channel's messages, in their order. */
function byChannel(batch: readonly ChannelMessage[]): ReadonlyMap<string, readonly ChannelMessage[]> {
  const channels = new Map<string, ChannelMessage[]>();
  for (const message of batch) {
    const known = channels.get(message.channel);
    if (known === undefined) channels.set(message.channel, [message]);
    else known.push(message);
  }
  return channels;
}

/** Whether the gap is the one that was there before: then a snapshot was asked for already. */
function isAsked(before: ChannelState, after: ChannelState): boolean {
  return before.phase === "gap" && before.seq === after.seq && before.epoch === after.epoch;
}

export function setLink(link: LinkStatus): void {
  if (link.phase === "open" || link.phase === "connecting") {
    streamStore.setState({ link });
    return;
  }
  const channels = Object.entries(streamStore.getState().channels).map(([name, state]) => [
    name,
    interrupted(state),
  ]);
  streamStore.setState({ link, channels: Object.fromEntries(channels) });
}

/** These channels miss something: what they show is old until a snapshot comes. */
export function markGaps(names: ReadonlySet<string>): void {
  const channels = { ...streamStore.getState().channels };
  for (const name of names) channels[name] = interrupted(channels[name] ?? WAITING);
  streamStore.setState({ channels });
}

export function markRefused(name: string, code: string, detail: string): void {
  streamStore.setState({ channels: { ...streamStore.getState().channels, [name]: refused(code, detail) } });
}

/** Nobody reads the channel any more: the next reader begins with a snapshot. */
export function forget(name: string): void {
  const { [name]: _, ...rest } = streamStore.getState().channels;
  streamStore.setState({ channels: rest });
}
