import { useEffect } from "react";
import type { Api } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import { orderById } from "@/api/queries/orders";
import { placeOrder } from "@/api/queries/trade";
import { useServices } from "@/app/services";
import type { Order } from "@/domain/orders";
import { useRow } from "@/stream/hooks";
import type { SendEvent, SendRequest, SendState } from "./send";
import { useTicket, useTickets } from "./store";

const ASK_MS = 2_000;

type Tell = (event: SendEvent) => void;

/** Carries out what the state of a market's ticket asks for: send once, then listen and ask until it is known. */
export function useSend(market: string): { readonly state: SendState; readonly tell: Tell } {
  const { api } = useServices();
  const { send: state } = useTicket(market);
  const tell: Tell = (event) => drive(api, market, event);
  useStreamNews(market, state);
  useAsking(api, market, state);
  return { state, tell };
}

/** Take an event in; whoever brings the state to `sending` sends, so that no render can send twice. */
function drive(api: Api, market: string, event: SendEvent): void {
  const read = () => useTickets.getState().byMarket[market]?.send;
  const before = read();
  useTickets.getState().tell(market, event);
  const after = read();
  if (after === undefined || after === before || after.phase !== "sending") return;
  void sendOut(api, market, after.request);
}

/** It belongs to the store, not to a component: leaving the screen does not lose the answer. */
async function sendOut(api: Api, market: string, request: SendRequest): Promise<void> {
  const { tell, remember } = useTickets.getState();
  remember({ request, atMs: Date.now() });
  try {
    const { order } = await placeOrder(api, request);
    tell(market, { type: "answered", order });
  } catch (error) {
    const problem = error instanceof ApiProblem ? error : new ApiProblem(0, "unreachable", String(error));
    tell(market, { type: "failed", id: request.client_order_id, problem });
  }
}

function useStreamNews(market: string, state: SendState): void {
  const id = "request" in state ? state.request.client_order_id : "";
  const order = useRow<Order>("orders", id);
  useEffect(() => {
    if (order !== null) useTickets.getState().tell(market, { type: "heard", order });
  }, [market, order]);
}

/** While the outcome is unknown the server is asked again and again; no answer changes nothing. */
function useAsking(api: Api, market: string, state: SendState): void {
  const id = state.phase === "unknown" ? state.request.client_order_id : null;
  useEffect(() => {
    if (id === null) return;
    const { tell } = useTickets.getState();
    let isOver = false;
    async function ask(wanted: string): Promise<void> {
      try {
        const order = await orderById(api, wanted);
        if (!isOver && order !== null) tell(market, { type: "heard", order });
      } catch (error) {
        const isMiss = error instanceof ApiProblem && error.status === 404 && error.code === "not_found";
        if (!isOver && isMiss) tell(market, { type: "not_found", id: wanted });
      }
    }
    const timer = window.setInterval(() => void ask(id), ASK_MS);
    return () => {
      isOver = true;
      window.clearInterval(timer);
    };
  }, [api, market, id]);
}
