import { describe, expect, it } from "vitest";
import type { ChannelMessage } from "./protocol";
import { createScheduler, MOST_WAITING, type Timers } from "./scheduler";

function message(channel: string, seq = 1): ChannelMessage {
  return { channel, kind: "delta", seq, epoch: "a", ts: "", data: null } as ChannelMessage;
}

function desk() {
  let nowMs = 0;
  let hidden = false;
  let pending: { run: () => void; at: number } | null = null;
  const batches: string[][] = [];
  const dropped: string[] = [];
  const timers: Timers = {
    now: () => nowMs,
    later: (run, ms) => {
      pending = { run, at: nowMs + ms };
      return 1;
    },
    cancel: () => {
      pending = null;
    },
    isHidden: () => hidden,
  };
  const scheduler = createScheduler(
    timers,
    (batch) => batches.push(batch.map((each) => each.channel)),
    (channels) => dropped.push(...channels),
  );
  return {
    scheduler,
    batches,
    dropped,
    hide: () => {
      hidden = true;
    },
    pass(ms: number) {
      nowMs += ms;
      if (pending !== null && pending.at <= nowMs) {
        const { run } = pending;
        pending = null;
        run();
      }
    },
  };
}

describe("scheduler", () => {
  it("hands orders on at once and books after 100 ms", () => {
    const { scheduler, batches, pass } = desk();
    scheduler.put(message("depth:b:X"));
    pass(99);
    expect(batches).toEqual([]);
    scheduler.put(message("orders"));
    pass(0);
    expect(batches).toEqual([["depth:b:X", "orders"]]);
  });

  it("makes one batch of all that came within a class's time", () => {
    const { scheduler, batches, pass } = desk();
    for (let seq = 0; seq < 50; seq += 1) scheduler.put(message("quotes:b:X", seq));
    pass(100);
    expect(batches.map((batch) => batch.length)).toEqual([50]);
  });

  it("slows down behind a hidden page, but not for orders", () => {
    const { scheduler, batches, hide, pass } = desk();
    hide();
    scheduler.put(message("quotes:b:X"));
    pass(500);
    expect(batches).toEqual([]);
    scheduler.put(message("fills"));
    pass(0);
    expect(batches).toEqual([["quotes:b:X", "fills"]]);
  });

  it("drops only what can be asked for anew when too much waits", () => {
    const { scheduler, batches, dropped, hide, pass } = desk();
    hide();
    for (let seq = 0; seq < 10; seq += 1) scheduler.put(message("quotes:b:X", seq));
    for (let seq = 0; seq < MOST_WAITING; seq += 1) scheduler.put(message("depth:b:X", seq));
    scheduler.put(message("orders"));
    pass(0);
    expect(new Set(dropped)).toEqual(new Set(["quotes:b:X", "depth:b:X"]));
    expect(batches.flat()).toContain("orders");
    expect(batches.flat().length).toBeLessThan(20);
  });

  it("forgets what waits when its socket is gone", () => {
    const { scheduler, batches, pass } = desk();
    scheduler.put(message("orders"));
    scheduler.clear();
    pass(5_000);
    expect(batches).toEqual([]);
  });
});
