import type { Schemas } from "@/api/client";
import { typeWord } from "@/domain/orders";

type Capabilities = Schemas["CapabilitiesAnswer"];
type Product = Schemas["ProductCapabilitiesAnswer"];

export type Cell = { readonly isOffered: boolean; readonly words: string; readonly reason: string | null };
export type MatrixRow = { readonly name: string; readonly cells: readonly Cell[] };
export type Matrix = {
  readonly products: readonly string[];
  readonly groups: readonly { readonly name: string; readonly rows: readonly MatrixRow[] }[];
};

const ORDER_TYPES: readonly Schemas["OrderType"][] = [
  "market",
  "limit",
  "stop_market",
  "stop_limit",
  "market_if_touched",
  "limit_if_touched",
  "trailing_stop_market",
];
const TIMES: readonly Schemas["TimeInForce"][] = ["gtc", "day", "gtd", "ioc", "fok"];
const TIMEFRAMES: readonly Schemas["Timeframe"][] = ["1s", "5s", "1m", "5m", "15m", "30m", "1h", "4h", "1d"];
const CHANGES = ["quantity", "price", "trigger_price"] as const;

const TIME_WORDS: Readonly<Record<Schemas["TimeInForce"], string>> = {
  gtc: "until canceled",
  day: "day",
  gtd: "until a date",
  ioc: "immediate or cancel",
  fok: "fill or kill",
};

/** What a connection offers: products across, capabilities down; the server's reason for what it does not. */
export function matrixOf(capabilities: Capabilities): Matrix {
  const products = Object.keys(capabilities.products).sort();
  const each = products.flatMap((label) => capabilities.products[label] ?? []);
  const row = (name: string, cell: (product: Product) => Cell): MatrixRow => ({
    name,
    cells: each.map(cell),
  });
  const member = (name: string, key: string, has: (product: Product) => boolean): MatrixRow =>
    row(name, (product) => (has(product) ? YES : no(product, key)));
  return {
    products,
    groups: [
      {
        name: "Order types",
        rows: ORDER_TYPES.map((type) => member(typeWord(type), type, (p) => p.order_types.includes(type))),
      },
      {
        name: "Time in force",
        rows: TIMES.map((time) => member(TIME_WORDS[time], time, (p) => p.time_in_force.includes(time))),
      },
      {
        name: "Orders",
        rows: [
          member("post only", "post_only", (p) => p.post_only),
          member("reduce only", "reduce_only", (p) => p.reduce_only),
          member("one cancels all", "oca_group", (p) => p.oca),
          ...CHANGES.map((name) =>
            row(`change the ${name.replace("_", " ")}`, (p) =>
              p.modify.includes(name) ? YES : no(p, name in p.unsupported ? name : "modify"),
            ),
          ),
          row("take profit, stop loss", bracketCell),
        ],
      },
      {
        name: "Positions",
        rows: [
          member("long and short legs", "hedging", (p) => p.hedging),
          member("leverage", "leverage", (p) => p.leverage),
          member("trailing stop of a position", "trailing_stop", (p) => p.trailing_stop),
        ],
      },
      {
        name: "Market data",
        rows: [
          row("book levels", (p) =>
            p.depth_levels > 0
              ? { isOffered: true, words: String(p.depth_levels), reason: null }
              : no(p, "depth"),
          ),
          ...TIMEFRAMES.map((time) => member(`candles of ${time}`, time, (p) => p.timeframes.includes(time))),
          member("funding rates", "funding", (p) => p.funding),
        ],
      },
    ],
  };
}

const YES: Cell = { isOffered: true, words: "yes", reason: null };

function no(product: Product, key: string): Cell {
  return { isOffered: false, words: "no", reason: product.unsupported[key] ?? null };
}

/** Who watches attached exits: the broker, or this program as long as it runs. */
function bracketCell(product: Product): Cell {
  if (product.brackets === "none") return no(product, "brackets");
  return { isOffered: true, words: product.brackets, reason: null };
}

export type Reason = {
  readonly text: string;
  readonly names: readonly string[];
  readonly products: readonly string[];
};

/** Every reason once, with the capabilities and products that it is about; also of those that are no row above. */
export function reasonsOf(capabilities: Capabilities): readonly Reason[] {
  const known = new Map<string, { names: Set<string>; products: Set<string> }>();
  for (const [label, product] of Object.entries(capabilities.products).sort()) {
    for (const [name, text] of Object.entries(product.unsupported)) {
      const entry = known.get(text) ?? { names: new Set(), products: new Set() };
      entry.names.add(name);
      entry.products.add(label);
      known.set(text, entry);
    }
  }
  return [...known].map(([text, { names, products }]) => ({
    text,
    names: [...names],
    products: [...products],
  }));
}
