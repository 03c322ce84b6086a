import { beforeEach, expect, it } from "vitest";
import type { ChannelMessage } from "./protocol";
import { setLink, streamStore, takeIn } from "./store";

function message(kind: ChannelMessage["kind"], seq: number, channel = "orders"): ChannelMessage {
  const data = kind === "heartbeat" ? null : { [channel]: [] };
  return {
    channel,
    kind,
    seq,
    epoch: "a",
    ts: "2026-11-23T04:00:00.000000Z",
    data,
  } as unknown as ChannelMessage;
}

beforeEach(() => {
  setLink({ phase: "open" });
  streamStore.setState({ channels: {} });
});

it("names the channels that miss something, once a hole", () => {
  expect(takeIn([message("snapshot", 0), message("delta", 2), message("snapshot", 0, "fills")])).toEqual(
    new Set(["orders"]),
  );
  expect(takeIn([message("delta", 3), message("delta", 1, "fills")])).toEqual(new Set());
});

it("names none whose snapshot came in the same batch", () => {
  expect(takeIn([message("snapshot", 0), message("delta", 2), message("snapshot", 3)])).toEqual(new Set());
});

it("names one again that was whole and has a new hole, in one batch", () => {
  takeIn([message("snapshot", 0), message("delta", 2)]);
  expect(takeIn([message("snapshot", 5), message("delta", 7)])).toEqual(new Set(["orders"]));
});

it("changes the store once for a batch", () => {
  let changes = 0;
  const end = streamStore.subscribe(() => {
    changes += 1;
  });
  takeIn([message("snapshot", 0), message("delta", 1), message("snapshot", 0, "fills")]);
  end();
  expect(changes).toBe(1);
});
