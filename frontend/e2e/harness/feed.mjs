import { once } from "node:events";
import { createServer } from "node:http";
import { ServerSocket } from "./web-socket.mjs";

const EPOCH = "performance";
const TICK_MS = 10;
/** How many messages of a hundred each kind of channel gets, where it is read. */
const SHARES = { depth: 36, quotes: 30, trades: 16, bars: 8, pnl: 5, positions: 2, account: 2, orders: 1 };

/** The product's REST and files, passed through, with a stream of our own that is as fast as it is told. */
export class Feed {
  #product;
  #server = createServer((request, response) => this.#pass(request, response));
  #sockets = new Set();
  #channels = new Map();
  #timer = null;
  sent = 0;
  /** The most bytes that waited for the page. */
  mostUnsent = 0;

  constructor(product) {
    this.#product = product;
  }

  static async begin(product) {
    const feed = new Feed(product);
    feed.#server.on("upgrade", (request, socket) => feed.#greet(request, socket));
    feed.#server.listen(0, "127.0.0.1");
    await once(feed.#server, "listening");
    return feed;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  get key() {
    return this.#product.key;
  }

  /** Send so many messages a second from now on. */
  flow(perSecond) {
    const began = performance.now();
    let due = 0;
    this.#timer = setInterval(() => {
      const wanted = Math.floor(((performance.now() - began) / 1000) * perSecond);
      for (; due < wanted; due += 1) this.#one(due);
    }, TICK_MS);
  }

  async stop() {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #pass(request, response) {
    const body = await readAll(request);
    const { host: _, origin: __, connection: ___, ...headers } = request.headers;
    const answer = await fetch(`${this.#product.url}${request.url}`, {
      method: request.method,
      headers,
      body: body.length === 0 ? null : body,
    });
    response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") ?? "text/plain" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  #greet(request, socket) {
    const peer = new ServerSocket(request, socket, {
      onText: (text) => void this.#hear(peer, JSON.parse(text)),
      onClose: () => this.#sockets.delete(peer),
    });
    this.#sockets.add(peer);
  }

  async #hear(peer, { op, channel = null }) {
    if (op === "unsubscribe") this.#channels.delete(channel);
    const data = op === "subscribe" || op === "resync" ? await this.#snapshot(channel) : undefined;
    peer.send(JSON.stringify({ kind: "ack", op, channel, ok: true }));
    if (data === undefined) return;
    this.#channels.set(channel, { data, seq: 1, number: 0 });
    peer.send(this.#message(channel, "snapshot", 1, data));
  }

  /** What a channel begins with: the API's own answer of the same shape. */
  async #snapshot(channel) {
    const [base, connection, instrument, timeframe] = channel.split(":");
    const market = `connection_id=${connection}&instrument_id=${instrument}`;
    const paths = {
      orders: "/orders/status?limit=500",
      fills: "/fills?limit=500",
      positions: "/positions",
      account: "/account/summary",
      connections: "/broker/connections",
      quotes: `/market/ticker?${market}`,
      depth: `/market/depth?${market}`,
      bars: `/market/ohlc?${market}&timeframe=${timeframe}&limit=10`,
    };
    if (paths[base] !== undefined) return this.#product.ask("GET", paths[base]);
    return { [base === "risk" ? "scopes" : base]: [] };
  }

  #one(number) {
    const channel = this.#pick(number);
    if (channel === undefined) return;
    const state = this.#channels.get(channel);
    state.seq += 1;
    state.number += 1;
    const text = this.#message(channel, "delta", state.seq, moved(channel, state));
    for (const socket of this.#sockets) {
      socket.send(text);
      this.mostUnsent = Math.max(this.mostUnsent, socket.unsent);
    }
    this.sent += 1;
  }

  /** Kinds take turns by their shares, channels of one kind one after the other. */
  #pick(number) {
    const byKind = new Map();
    for (const [channel, { data }] of this.#channels) {
      const kind = channel.split(":")[0];
      if (SHARES[kind] !== undefined && (kind === "trades" || !isEmpty(data)))
        byKind.set(kind, [...(byKind.get(kind) ?? []), channel]);
    }
    const total = [...byKind.keys()].reduce((sum, kind) => sum + SHARES[kind], 0);
    let at = (number * 37) % Math.max(1, total);
    for (const [kind, channels] of byKind) {
      if (at < SHARES[kind]) return channels[number % channels.length];
      at -= SHARES[kind];
    }
    return undefined;
  }

  #message(channel, kind, seq, data) {
    return JSON.stringify({ channel, kind, seq, epoch: EPOCH, ts: new Date().toISOString(), data });
  }
}

function isEmpty(data) {
  const lists = Object.values(data).filter(Array.isArray);
  return lists.length === 1 && lists[0].length === 0;
}

/** The next contents of a channel: prices wander, sizes breathe, one row of a list changes. */
function moved(channel, { data, number }) {
  const kind = channel.split(":")[0];
  const shift = Math.round(Math.sin(number / 40) * 50) / 10;
  const time = new Date().toISOString();
  switch (kind) {
    case "depth":
      return {
        ...data,
        bids: shifted(data.bids, shift, number),
        asks: shifted(data.asks, shift, number),
        time,
      };
    case "quotes":
      return { ...data, last: plus(data.last ?? data.bid, shift), time };
    case "trades": {
      const side = number % 2 === 0 ? "buy" : "sell";
      return {
        trades: [{ trade_id: `t${number}`, price: plus("70000", shift), quantity: "0.017", side, time }],
      };
    }
    case "bars": {
      const bar = data.bars.at(-1);
      return { bars: [{ ...bar, close: plus(bar.close, shift), volume: String(number) }] };
    }
    case "orders":
      return { orders: [{ ...data.orders[number % data.orders.length], updated_at: time }] };
    case "positions":
    case "pnl":
      return changedRow(data, kind, { unrealized_pnl: String(shift) }, number);
    default:
      return changedRow(data, "accounts", { unrealized_pnl: String(shift), as_of: time }, number);
  }
}

function changedRow(data, list, change, number) {
  const rows = data[list];
  return { [list]: [{ ...rows[number % rows.length], ...change }] };
}

function shifted(side, shift, number) {
  return side.map(([price, size], at) => [plus(price, shift), plus(size, ((number + at) % 7) / 1000)]);
}

function plus(text, amount) {
  const decimals = Math.max(1, text.split(".")[1]?.length ?? 0);
  return (Number(text) + amount).toFixed(decimals);
}

async function readAll(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
