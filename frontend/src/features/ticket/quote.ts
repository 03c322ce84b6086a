import type { Terms } from "@/domain/contract";
import { quotesChannel } from "@/stream/protocol";
import { streamStore } from "@/stream/store";
import type { Quote } from "./distance";

/** The newest quote as it stands now, without following it: for the moment of a click. */
export function quoteNow({ connection_id, instrument_id }: Terms): Quote | null {
  const channel = quotesChannel(connection_id, instrument_id);
  return (streamStore.getState().channels[channel]?.value ?? null) as Quote | null;
}
