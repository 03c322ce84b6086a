// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { type Known, type LinkStatus, type Socket, StreamLink } from "./link";
import type { ChannelMessage } from "./protocol";

class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readonly sent: Record<string, unknown>[] = [];
  isClosed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.isClosed = true;
  }

  says(message: object): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  accepts(): void {
    this.onopen?.(new Event("open"));
    this.says({ kind: "ack", op: "authenticate", channel: null, ok: true });
  }

  ends(code: number): void {
    this.onclose?.(new CloseEvent("close", { code, reason: "" }));
  }
}

function desk(known: Record<string, Known> = {}) {
  const sockets: FakeSocket[] = [];
  const statuses: LinkStatus[] = [];
  const messages: ChannelMessage[] = [];
  const refusals: string[] = [];
  let nowMs = 0;
  const pending = new Map<number, { run: () => void; at: number }>();
  let timers = 0;
  const link = new StreamLink(
    () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    () => "secret",
    {
      onStatus: (status) => statuses.push(status),
      onMessage: (message) => messages.push(message),
      onRefused: (channel, error) => refusals.push(`${channel} ${error.code}`),
      known: (channel) => known[channel] ?? null,
    },
    {
      now: () => nowMs,
      later: (run, ms) => {
        timers += 1;
        pending.set(timers, { run, at: nowMs + ms });
        return timers;
      },
      cancel: (timer) => pending.delete(timer),
      random: () => 1,
    },
  );
  const pass = (ms: number) => {
    nowMs += ms;
    for (const [timer, { run, at }] of [...pending]) {
      if (at <= nowMs && pending.delete(timer)) run();
    }
  };
  const socket = () => sockets[sockets.length - 1] as FakeSocket;
  return { link, sockets, socket, statuses, messages, refusals, pass };
}

describe("link", () => {
  it("logs on with its first message and never in the address", () => {
    const { link, socket } = desk();
    link.start();
    socket().accepts();
    expect(socket().sent).toEqual([{ op: "authenticate", token: "secret" }]);
  });

  it("subscribes wanted channels once, however many read them, and again after a reconnect from what is known", () => {
    const { link, socket, sockets, pass } = desk({ orders: { seq: 7, epoch: "a" } });
    link.subscribe("orders");
    link.start();
    socket().accepts();
    const end = link.subscribe("orders");
    end();
    end();
    expect(socket().sent.slice(1)).toEqual([{ op: "subscribe", channel: "orders", from_seq: 7, epoch: "a" }]);
    socket().ends(1006);
    pass(60_000);
    expect(sockets).toHaveLength(2);
    socket().accepts();
    expect(socket().sent.slice(1)).toEqual([{ op: "subscribe", channel: "orders", from_seq: 7, epoch: "a" }]);
  });

  it("unsubscribes when the last reader has gone, and hears nothing more", () => {
    const { link, socket, messages } = desk();
    link.start();
    socket().accepts();
    const end = link.subscribe("fills");
    end();
    expect(socket().sent.slice(1)).toEqual([
      { op: "subscribe", channel: "fills" },
      { op: "unsubscribe", channel: "fills" },
    ]);
    socket().says({ channel: "fills", kind: "snapshot", seq: 0, epoch: "a", ts: "", data: { fills: [] } });
    expect(messages).toEqual([]);
  });

  it("waits longer after each failure, up to a bound", () => {
    const { link, socket, statuses, pass } = desk();
    link.start();
    const waits: number[] = [];
    let now = 0;
    for (let failure = 0; failure < 8; failure += 1) {
      socket().ends(1006);
      const status = statuses[statuses.length - 1];
      if (status?.phase !== "waiting") throw new Error("it should wait");
      waits.push(status.retryAt - now);
      now = status.retryAt;
      pass(waits[waits.length - 1] ?? 0);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  it("gives up a socket that has fallen silent", () => {
    const { link, socket, statuses, pass } = desk();
    link.start();
    socket().accepts();
    const first = socket();
    pass(12_500);
    expect(first.isClosed).toBe(true);
    expect(statuses[statuses.length - 1]?.phase).toBe("waiting");
  });

  it("stops at a wrong key instead of trying again", () => {
    const { link, socket, sockets, statuses, pass } = desk();
    link.start();
    socket().ends(4401);
    pass(60_000);
    expect(sockets).toHaveLength(1);
    expect(statuses[statuses.length - 1]).toEqual({ phase: "unauthorized" });
  });

  it("tells a refused channel with its code", () => {
    const { link, socket, refusals } = desk();
    link.start();
    socket().accepts();
    link.subscribe("depth:b:X");
    socket().says({
      kind: "error",
      op: "subscribe",
      channel: "depth:b:X",
      code: "unsupported",
      detail: "no books",
    });
    expect(refusals).toEqual(["depth:b:X unsupported"]);
  });

  it("asks again for a channel whose broker is not there yet, and not for one that no broker has", () => {
    const { link, socket, pass } = desk();
    link.start();
    socket().accepts();
    link.subscribe("depth:b:X");
    link.subscribe("depth:b:Y");
    const refuse = (channel: string, code: string) =>
      socket().says({ kind: "error", op: "subscribe", channel, code, detail: "no" });
    refuse("depth:b:X", "not_connected");
    refuse("depth:b:Y", "unsupported");
    const before = socket().sent.length;
    pass(1_000);
    expect(socket().sent.slice(before)).toEqual([{ op: "subscribe", channel: "depth:b:X" }]);
    refuse("depth:b:X", "not_connected");
    pass(1_000);
    expect(socket().sent.slice(before + 1)).toEqual([{ op: "subscribe", channel: "depth:b:X" }]);
  });
});
