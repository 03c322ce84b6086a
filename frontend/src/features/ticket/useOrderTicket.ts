import { useEffect, useMemo } from "react";
import type { Schemas } from "@/api/client";
import type { TradeRequest } from "@/api/queries/trade";
import { useRefusal } from "@/app/access";
import type { Terms } from "@/domain/contract";
import { modeOf } from "@/domain/mode";
import { newOrderId } from "@/domain/order-id";
import type { ProductCapabilities } from "@/domain/products";
import { errorsOf, missingOf } from "./check";
import type { Draft } from "./draft";
import { fitted, offersOf } from "./offers";
import { useOneClick } from "./oneClick";
import { questionsOf } from "./questions";
import { quoteNow } from "./quote";
import { requestOf } from "./request";
import { isBusy } from "./send";
import { useTicket, useTickets } from "./store";
import { useLegs } from "./useLegs";
import { useSend } from "./useSend";

export type TicketProps = {
  readonly market: string;
  readonly connection: Schemas["ConnectionAnswer"];
  readonly account: Schemas["ConnectionAccountAnswer"];
  readonly product: ProductCapabilities;
  readonly terms: Terms;
};

/** What a ticket shows and does: the draft as the broker takes it, what is wrong with it, and the way out. */
export function useOrderTicket({ market, connection, account, product, terms }: TicketProps) {
  const { draft: typed } = useTicket(market);
  const { state, tell } = useSend(market);
  const offers = useMemo(() => offersOf(product), [product]);
  const draft = fitted(typed, offers);
  const legs = useLegs(terms, account, product, draft.positionId);
  const errors = errorsOf(draft, terms, Date.now());
  const isWhole = Object.keys(errors).length === 0 && legs.error === null && missingOf(draft).length === 0;
  const hasSeveral = connection.accounts.length > 1;
  const request: TradeRequest | null = isWhole
    ? requestOf({ ...draft, accountId: hasSeveral ? account.account_id : null }, targetOf(terms))
    : null;
  const refusal = useRefusal("trade");
  const obstacle = refusal ?? obstacleOf(connection);
  const mode = modeOf(connection, account);
  const canSend = request !== null && obstacle === null && !isBusy(state) && state.phase !== "unsent";

  function review(isOneClick: boolean): void {
    if (request === null || !canSend) return;
    const questions = questionsOf(request, terms, quoteNow(terms), useTickets.getState().sent, Date.now());
    const sent = { ...request, client_order_id: newOrderId() };
    tell({ type: "review", request: sent, questions, mustConfirm: mode === "live" && !isOneClick });
  }

  const clicked = useOneClick((oneClick) => oneClick.clicked);
  useEffect(() => {
    if (clicked === market && useOneClick.getState().take(market, account.account_id, Date.now()))
      review(true);
  });

  const edit = (change: Partial<Draft>) => useTickets.getState().edit(market, change);
  return {
    draft,
    edit,
    offers,
    legs,
    errors,
    hasSeveral,
    request,
    obstacle,
    mode,
    state,
    tell,
    canSend,
    review: () => review(false),
  };
}

export type OrderTicket = ReturnType<typeof useOrderTicket>;

function targetOf({ connection_id, instrument_id }: Terms) {
  return { connectionId: connection_id, instrumentId: instrument_id };
}

/** Why nothing can be sent to the broker now; null = it can. */
function obstacleOf({ connection_id, status, last_error }: Schemas["ConnectionAnswer"]): string | null {
  if (status === "connected" || status === "degraded") return null;
  const cause = last_error === null ? "" : `: ${last_error.detail}`;
  return `${connection_id} is ${status}${cause}. Orders wait until it is back.`;
}
