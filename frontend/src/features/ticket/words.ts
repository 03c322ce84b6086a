import { typeWord } from "@/domain/orders";
import type { Draft, TimeInForce } from "./draft";
import type { Offers } from "./offers";

export const TIME_WORDS: Readonly<Record<TimeInForce, string>> = {
  gtc: "until canceled (GTC)",
  day: "today (DAY)",
  gtd: "until a time (GTD)",
  ioc: "at once, rest canceled (IOC)",
  fok: "all at once or nothing (FOK)",
};

export type Missing = { readonly name: string; readonly reason: string };

/** Everything that the broker does not offer for the instrument, in the server's words. */
export function missingOffers(offers: Offers): readonly Missing[] {
  const types = offers.types.map(({ name, reason }) => ({ name: `${typeWord(name)} orders`, reason }));
  const times = offers.timesInForce.map(({ name, reason }) => ({ name: name.toUpperCase(), reason }));
  const rest = [
    { name: "post-only", reason: offers.postOnly },
    { name: "reduce-only", reason: offers.reduceOnly },
    { name: "take profit and stop loss", reason: offers.exits },
    { name: "stop loss with a limit", reason: offers.limitExits },
  ];
  return [...types, ...times, ...rest].flatMap(({ name, reason }) =>
    reason === null ? [] : [{ name, reason }],
  );
}

const SERVER_FIELDS: Readonly<Record<string, string>> = {
  quantity: "Quantity",
  price: "Limit",
  trigger_price: "Trigger",
  trailing_offset: "Trailing distance",
  expires_at: "Expiry",
  post_only: "Post-only",
  reduce_only: "Reduce-only",
  position_id: "Position",
  account_id: "Account",
  "take_profit.price": "Take profit",
  "stop_loss.trigger_price": "Stop loss",
  "stop_loss.price": "Stop loss limit",
};

/** The ticket's word for a field that the server names. */
export function fieldWord(field: string): string {
  return SERVER_FIELDS[field] ?? field;
}

/** "Buy 0.01 coins, limit": what the send button will do. */
export function actionWords(draft: Draft, unit: string): string {
  const verb = draft.side === "buy" ? "Buy" : "Sell";
  return draft.quantity === ""
    ? `${verb}, ${typeWord(draft.type)}`
    : `${verb} ${draft.quantity} ${unit}, ${typeWord(draft.type)}`;
}
