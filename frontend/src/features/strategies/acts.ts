import type { Schemas } from "@/api/client";
import type { Act, Strategy } from "@/api/queries/strategies";
import { gravest, type Mode, modeOf } from "@/domain/mode";

type Connection = Pick<
  Schemas["ConnectionAnswer"],
  "connection_id" | "environment" | "execution" | "accounts"
>;

export type Offer = { readonly act: Act; readonly word: string };

/** What can be asked of a strategy in its state. */
export function offersOf(state: Strategy["state"]): readonly Offer[] {
  switch (state) {
    case "created":
      return [{ act: "start", word: "Start" }];
    case "running":
      return [
        { act: "pause", word: "Pause" },
        { act: "stop", word: "Stop" },
      ];
    case "paused":
      return [
        { act: "start", word: "Resume" },
        { act: "stop", word: "Stop" },
      ];
    case "stopped":
    case "faulted":
      return [{ act: "start", word: "Start again" }];
  }
}

/** The connections that a strategy trades at: its own, and those named before its instruments. */
export function connectionsOf(
  strategy: Pick<Strategy, "connection_id" | "instrument_ids">,
  connections: readonly Connection[],
): readonly string[] {
  const named = strategy.instrument_ids.flatMap((key) => {
    const prefix = key.slice(0, Math.max(0, key.indexOf(":")));
    return connections.some((each) => each.connection_id === prefix) ? [prefix] : [];
  });
  return [...new Set([strategy.connection_id, ...named])];
}

/** What the orders of a strategy really do: the gravest mode of all accounts it can reach; null = not known now. */
export function modeOfStrategy(
  strategy: Pick<Strategy, "connection_id" | "account_id" | "instrument_ids">,
  connections: readonly Connection[],
): Mode | null {
  const ids = connectionsOf(strategy, connections);
  const modes = ids.flatMap((id) => {
    const connection = connections.find((each) => each.connection_id === id);
    if (connection === undefined) return [];
    const isOwn = id === strategy.connection_id;
    const accounts = connection.accounts.filter(
      ({ account_id }) => !isOwn || strategy.account_id === null || account_id === strategy.account_id,
    );
    return [modeOf(connection, accounts.find((account) => account.live) ?? null)];
  });
  return modes.length < ids.length ? null : gravest(modes);
}

export type Confirmation = {
  readonly title: string;
  readonly sentences: readonly string[];
  readonly button: string;
};

/** What is asked before something is done that costs money or cannot be taken back; null = nothing need be asked. */
export function confirmationOf(
  strategy: Strategy,
  { act, word }: Offer,
  mode: Mode | null,
): Confirmation | null {
  if (act === "stop") return stopping(strategy, word);
  if (act === "pause") return null;
  const left = strategy.state === "faulted" && strategy.positions.length > 0;
  const isGrave = mode === "live" || mode === null;
  if (!isGrave && !left) return null;
  const sentences = [
    ...(mode === "live" ? liveSentences(strategy) : []),
    ...(mode === null ? [`${strategy.connection_id} does not tell what kind of account it is now.`] : []),
    ...(left ? ["It begins with the positions that its fault left."] : []),
  ];
  return { title: `${word}: ${strategy.strategy_id}`, sentences, button: word };
}

function liveSentences(strategy: Strategy): readonly string[] {
  const account = strategy.account_id === null ? "" : `, account ${strategy.account_id}`;
  return [
    `It will send orders with real money by itself at ${strategy.connection_id}${account}: ${strategy.instrument_ids.join(", ")}.`,
    "Nobody is asked again before each order. Orders pass only while the account is armed, and within the limits of the screen Risk.",
  ];
}

function stopping(strategy: Strategy, word: string): Confirmation {
  const { open_orders: open } = strategy.performance;
  const orders =
    strategy.on_stop === "keep"
      ? `Its open orders (${open} now) keep working at the broker.`
      : `Its open orders (${open} now) are canceled; exits attached to an entry stay with their position.`;
  const held = strategy.positions.map(
    ({ side, quantity, instrument_id }) => `${side} ${quantity} ${instrument_id}`,
  );
  const positions =
    held.length === 0
      ? "It holds no position."
      : `Its positions stay open, and nobody looks after them: ${held.join("; ")}.`;
  return { title: `${word}: ${strategy.strategy_id}`, sentences: [orders, positions], button: word };
}
