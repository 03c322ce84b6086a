import { useEffect } from "react";
import { isFreeSingleKey } from "@/app/single-keys";
import { openTicket } from "./store";

/** B and S turn the ticket to one side and go to its quantity; they never send. The user can switch them off. */
export function useTicketKeys(market: string): void {
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      const side = event.key === "b" ? "buy" : event.key === "s" ? "sell" : null;
      if (side === null || !isFreeSingleKey(event)) return;
      event.preventDefault();
      openTicket(market, side);
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [market]);
}
