import { type LinkTimers, StreamLink } from "./link";
import { BROWSER_TIMERS, createScheduler } from "./scheduler";
import { forget, markGaps, markRefused, setLink, streamStore, takeIn } from "./store";

/** The page's stream: socket, scheduler and store put together. */
export type Stream = {
  readonly start: () => void;
  readonly stop: () => void;
  readonly retryNow: () => void;
  /** Tell the open socket that there is a newer token. */
  readonly authenticate: () => void;
  /** Read a channel until the returned function is called. */
  readonly subscribe: (channel: string) => () => void;
};

const LINK_TIMERS: LinkTimers = { ...BROWSER_TIMERS, random: Math.random };

/** `url` of the socket, `token` asked for at every log-on. */
export function createStream(url: string, token: () => string): Stream {
  const readers = new Map<string, number>();
  const scheduler = createScheduler(
    BROWSER_TIMERS,
    (batch) => {
      for (const channel of takeIn(batch)) link.resync(channel);
    },
    (channels) => {
      markGaps(channels);
      for (const channel of channels) link.resync(channel);
    },
  );
  const link = new StreamLink(
    () => new WebSocket(url),
    token,
    {
      onStatus: (status) => {
        if (status.phase !== "open") scheduler.clear();
        setLink(status);
      },
      onMessage: scheduler.put,
      onRefused: (channel, error) => markRefused(channel, error.code, error.detail),
      known: (channel) => {
        const state = streamStore.getState().channels[channel];
        return state?.epoch == null ? null : { seq: state.seq, epoch: state.epoch };
      },
    },
    LINK_TIMERS,
  );
  return {
    start: () => link.start(),
    stop: () => link.stop(),
    retryNow: () => link.retryNow(),
    authenticate: () => link.authenticate(),
    subscribe(channel) {
      readers.set(channel, (readers.get(channel) ?? 0) + 1);
      const unsubscribe = link.subscribe(channel);
      return () => {
        unsubscribe();
        const left = (readers.get(channel) ?? 1) - 1;
        readers.set(channel, left);
        if (left === 0) {
          readers.delete(channel);
          forget(channel);
        }
      };
    },
  };
}
