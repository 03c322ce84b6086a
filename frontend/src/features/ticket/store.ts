import { create } from "zustand";
import { type Draft, EMPTY_DRAFT, type Side, withPickedPrice } from "./draft";
import { useOneClick } from "./oneClick";
import type { Sent } from "./questions";
import { DRAFT, isBusy, next, type SendEvent, type SendState } from "./send";

export type Ticket = { readonly draft: Draft; readonly send: SendState };

const NEW_TICKET: Ticket = { draft: EMPTY_DRAFT, send: DRAFT };
const MOST_SENT = 20;
/** The quantity field of the ticket on screen: there is one at a time. */
export const QUANTITY_ID = "ticket-quantity";

type Tickets = {
  /** One ticket per market: an unknown outcome blocks its own market, no other. */
  readonly byMarket: Readonly<Record<string, Ticket>>;
  readonly sent: readonly Sent[];
  /** The market into whose ticket a price was put last; a new object for every price. */
  readonly picks: { readonly market: string | null };
  readonly edit: (market: string, change: Partial<Draft>) => void;
  readonly tell: (market: string, event: SendEvent) => void;
  readonly remember: (sent: Sent) => void;
};

export function marketKey(connectionId: string, instrumentId: string): string {
  return `${connectionId} ${instrumentId}`;
}

/** The tickets of this page. Kept in memory only: an order is never sent from what a browser remembered. */
export const useTickets = create<Tickets>()((set) => ({
  byMarket: {},
  sent: [],
  picks: { market: null },
  edit: (market, change) =>
    set(({ byMarket }) => {
      const ticket = byMarket[market] ?? NEW_TICKET;
      if (isBusy(ticket.send)) return {};
      const draft = { ...ticket.draft, ...change };
      return { byMarket: { ...byMarket, [market]: { draft, send: next(ticket.send, { type: "edited" }) } } };
    }),
  tell: (market, event) =>
    set(({ byMarket }) => {
      const ticket = byMarket[market] ?? NEW_TICKET;
      const send = next(ticket.send, event);
      return send === ticket.send ? {} : { byMarket: { ...byMarket, [market]: { ...ticket, send } } };
    }),
  remember: (sent) => set((state) => ({ sent: [sent, ...state.sent].slice(0, MOST_SENT) })),
}));

export function useTicket(market: string): Ticket {
  return useTickets((tickets) => tickets.byMarket[market] ?? NEW_TICKET);
}

/** Put a price of the book into a market's ticket; while the market is armed the ticket sends it. */
export function pickPrice(market: string, price: string): void {
  const { byMarket, edit } = useTickets.getState();
  edit(market, withPickedPrice((byMarket[market] ?? NEW_TICKET).draft, price));
  useTickets.setState({ picks: { market } });
  useOneClick.getState().click(market);
}

/** Open a market's ticket on one side, as the keys B and S do: it fills the ticket and never sends. */
export function openTicket(market: string, side: Side): void {
  useTickets.getState().edit(market, { side });
  document.getElementById(QUANTITY_ID)?.focus();
}
