import type { TradeRequest } from "@/api/queries/trade";
import { type Draft, pricesOf } from "./draft";

export type Target = { readonly connectionId: string; readonly instrumentId: string };

/** The body of `POST /trade` for a fitted draft without errors; only what its type takes is in it. */
export function requestOf(draft: Draft, target: Target): TradeRequest {
  const uses = pricesOf(draft.type);
  return {
    connection_id: target.connectionId,
    instrument_id: target.instrumentId,
    side: draft.side,
    order_type: draft.type,
    quantity: draft.quantity,
    ...(draft.accountId !== null && { account_id: draft.accountId }),
    ...(uses.hasPrice && { price: draft.price }),
    ...(uses.mayHaveTrigger && draft.trigger !== "" && { trigger_price: draft.trigger }),
    ...(uses.hasOffset && { trailing_offset: draft.offset }),
    ...(draft.timeInForce !== null && { time_in_force: draft.timeInForce }),
    ...(draft.timeInForce === "gtd" && { expires_at: new Date(draft.expiresAt).toISOString() }),
    ...(draft.isPostOnly && { post_only: true }),
    ...(draft.isReduceOnly && { reduce_only: true }),
    ...(draft.positionId !== null && { position_id: draft.positionId }),
    ...(draft.takeProfit !== "" && { take_profit: { price: draft.takeProfit } }),
    ...(draft.stopLoss !== "" && {
      stop_loss: {
        trigger_price: draft.stopLoss,
        ...(draft.stopLossLimit !== "" && { price: draft.stopLossLimit }),
      },
    }),
  };
}
