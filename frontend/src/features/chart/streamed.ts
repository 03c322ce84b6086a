import type { Bar } from "@/api/queries/bars";
import { type StreamState, streamStore } from "@/stream/store";

/** The bars that a channel of the stream holds now, oldest first. */
export function streamedBars(channel: string): readonly Bar[] {
  return barsIn(streamStore.getState(), channel);
}

/** The bars that came or changed from one state of the stream to the next, oldest first. */
export function changedBars(channel: string, before: StreamState, after: StreamState): readonly Bar[] {
  const known = new Set(barsIn(before, channel));
  return barsIn(after, channel).filter((bar) => !known.has(bar));
}

function barsIn(state: StreamState, channel: string): readonly Bar[] {
  const rows = state.channels[channel]?.rows;
  return rows
    ? ([...rows.values()] as unknown as readonly Bar[]).toSorted((a, b) => (a.time < b.time ? -1 : 1))
    : [];
}
