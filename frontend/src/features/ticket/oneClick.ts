import { create } from "zustand";

/** A market and account in which a click in the book sends the ticket's order, until a time of the page's clock. */
export type Arming = { readonly market: string; readonly accountId: string; readonly untilMs: number };

export const ARMED_MINUTES = 5;

type OneClick = {
  readonly arming: Arming | null;
  /** Markets whose book was clicked while armed, waiting for their ticket to send. */
  readonly clicked: string | null;
  readonly arm: (market: string, accountId: string, nowMs: number) => void;
  readonly disarm: () => void;
  readonly click: (market: string) => void;
  /** Take a click of a market, once; whether it was made while the market was armed in the account. */
  readonly take: (market: string, accountId: string, nowMs: number) => boolean;
};

/** One-click trading from the book. Kept in memory only; it ends with the page's focus, its link and its time. */
export const useOneClick = create<OneClick>()((set, get) => ({
  arming: null,
  clicked: null,
  arm: (market, accountId, nowMs) =>
    set({ arming: { market, accountId, untilMs: nowMs + ARMED_MINUTES * 60_000 }, clicked: null }),
  disarm: () => set({ arming: null, clicked: null }),
  click: (market) => set(({ arming }) => (arming?.market === market ? { clicked: market } : {})),
  take: (market, accountId, nowMs) => {
    const { arming, clicked } = get();
    if (clicked !== market) return false;
    set({ clicked: null });
    return isArmed(arming, market, accountId, nowMs);
  },
}));

/** Whether a market is armed in an account now. */
export function isArmed(arming: Arming | null, market: string, accountId: string, nowMs: number): boolean {
  return arming?.market === market && arming.accountId === accountId && nowMs < arming.untilMs;
}
