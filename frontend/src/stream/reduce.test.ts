import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChannelMessage, Row } from "./protocol";
import { type ChannelState, interrupted, reduce, reduceAll, WAITING } from "./reduce";

const TS = "2026-11-23T04:00:00.000000Z";

function message(kind: ChannelMessage["kind"], seq: number, orders: Row[] = [], epoch = "a"): ChannelMessage {
  return {
    channel: "orders",
    kind,
    seq,
    epoch,
    ts: TS,
    data: kind === "heartbeat" ? null : { orders },
  } as ChannelMessage;
}

function order(id: number, status: string): Row {
  return { client_order_id: `o${id}`, status };
}

/** A server's channel: snapshot at 0, then deltas, each with some changed orders. */
const streams = fc.array(
  fc.array(fc.record({ id: fc.nat(6), status: fc.constantFrom("accepted", "filled", "canceled") }), {
    minLength: 1,
    maxLength: 3,
  }),
  { maxLength: 30 },
);

type Change = { id: number; status: string };

function deltasOf(changes: readonly Change[][]): ChannelMessage[] {
  return changes.map((batch, index) =>
    message(
      "delta",
      index + 1,
      batch.map(({ id, status }) => order(id, status)),
    ),
  );
}

function finalStatuses(changes: readonly Change[][]): Record<string, string> {
  return Object.fromEntries(changes.flat().map(({ id, status }) => [`o${id}`, status]));
}

function statuses(state: ChannelState): Record<string, string> {
  return Object.fromEntries([...(state.rows ?? [])].map(([key, row]) => [key, String(row.status)]));
}

describe("reduce", () => {
  it("equals the server's state after any stream without a hole", () => {
    fc.assert(
      fc.property(streams, (changes) => {
        const state = [message("snapshot", 0), ...deltasOf(changes)].reduce(reduce, WAITING);
        expect(state.phase).toBe("live");
        expect(statuses(state)).toEqual(finalStatuses(changes));
      }),
    );
  });

  it("is not changed by messages that come twice", () => {
    fc.assert(
      fc.property(streams, fc.infiniteStream(fc.nat()), (changes, draws) => {
        const sent = [message("snapshot", 0), ...deltasOf(changes)];
        const doubled = sent.flatMap((each, index) => {
          const again = sent[Number(draws.next().value) % (index + 1)];
          return again === undefined || again.kind === "snapshot" ? [each] : [each, again];
        });
        expect(statuses(doubled.reduce(reduce, WAITING))).toEqual(finalStatuses(changes));
      }),
    );
  });

  it("is never live after a hole, until a snapshot", () => {
    fc.assert(
      fc.property(
        streams.filter((changes) => changes.length > 1),
        fc.nat(),
        (changes, draw) => {
          const deltas = deltasOf(changes);
          const lost = draw % (deltas.length - 1);
          const heard = deltas.filter((_, index) => index !== lost);
          const state = [message("snapshot", 0), ...heard, message("heartbeat", deltas.length)].reduce(
            reduce,
            WAITING,
          );
          expect(state.phase).toBe("gap");
          expect(reduce(state, message("snapshot", deltas.length)).phase).toBe("live");
        },
      ),
    );
  });

  it("makes of many messages at once what it makes of them one by one, holes, doubles and snapshots included", () => {
    const kinds = fc.constantFrom(
      "delta",
      "delta",
      "delta",
      "heartbeat",
      "snapshot",
      "twice",
      "hole",
      "epoch",
    );
    fc.assert(
      fc.property(streams, fc.array(kinds, { minLength: 30, maxLength: 30 }), (changes, turns) => {
        let [seq, epoch] = [0, "a"];
        const messages = [message("snapshot", 0)];
        for (const [index, batch] of changes.entries()) {
          const turn = turns[index] ?? "delta";
          if (turn === "epoch") epoch += "a";
          seq += { twice: 0, heartbeat: 0, hole: 2 }[turn as string] ?? 1;
          const kind = turn === "heartbeat" || turn === "snapshot" ? turn : "delta";
          const rows = batch.map(({ id, status }) => order(id, status));
          messages.push(message(kind, seq, rows, epoch));
        }
        const oneByOne = messages.reduce(reduce, WAITING);
        const together = reduceAll(WAITING, messages);
        expect(together).toEqual(oneByOne);
        expect([...(together.rows?.entries() ?? [])]).toEqual([...(oneByOne.rows?.entries() ?? [])]);
      }),
    );
  });

  it("waits for a snapshot before it takes deltas", () => {
    expect(reduce(WAITING, message("delta", 1, [order(1, "accepted")]))).toBe(WAITING);
  });

  it("takes another epoch for a gap", () => {
    const live = reduce(WAITING, message("snapshot", 4));
    expect(reduce(live, message("delta", 5, [order(1, "filled")], "b")).phase).toBe("gap");
    expect(reduce(live, message("heartbeat", 4, [], "b")).phase).toBe("gap");
  });

  it("is live again after an interruption when the next number follows, and shows old data until then", () => {
    const live = reduce(WAITING, message("snapshot", 4, [order(1, "accepted")]));
    const cut = interrupted(live);
    expect(cut.phase).toBe("gap");
    expect(statuses(cut)).toEqual({ o1: "accepted" });
    expect(reduce(cut, message("heartbeat", 4)).phase).toBe("live");
    expect(reduce(cut, message("delta", 5, [order(1, "filled")])).phase).toBe("live");
    expect(reduce(cut, message("delta", 6)).phase).toBe("gap");
  });

  it("puts new rows first and leaves known ones in their place", () => {
    const start = reduce(WAITING, message("snapshot", 0, [order(2, "accepted"), order(1, "accepted")]));
    const after = reduce(
      start,
      message("delta", 1, [order(1, "filled"), order(3, "accepted"), order(4, "accepted")]),
    );
    expect([...(after.rows?.keys() ?? [])]).toEqual(["o4", "o3", "o2", "o1"]);
  });

  it("keeps a row's identity while it does not change", () => {
    const start = reduce(WAITING, message("snapshot", 0, [order(1, "accepted"), order(2, "accepted")]));
    const after = reduce(start, message("delta", 1, [order(1, "filled")]));
    expect(after.rows?.get("o2")).toBe(start.rows?.get("o2"));
  });
});
