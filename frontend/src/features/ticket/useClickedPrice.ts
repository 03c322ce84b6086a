import { useEffect, useEffectEvent } from "react";
import { useTickets } from "./store";

/** Calls `onPrice` when a price of the book was put into a market's ticket. */
export function useClickedPrice(market: string, onPrice: () => void): void {
  const tell = useEffectEvent(onPrice);
  useEffect(
    () =>
      useTickets.subscribe((now, before) => {
        if (now.picks !== before.picks && now.picks.market === market) tell();
      }),
    [market],
  );
}
