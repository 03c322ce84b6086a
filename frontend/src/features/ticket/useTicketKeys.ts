import { useEffect } from "react";
import { useUi } from "@/app/ui-state";
import { openTicket } from "./store";

const TAKES_LETTERS = "input, textarea, select, [contenteditable=true], [role=menu], [role=listbox]";
const OPEN_DIALOG = "[role=dialog][data-state=open]";

/** B and S turn the ticket to one side and go to its quantity; they never send. The user can switch them off. */
export function useTicketKeys(market: string): void {
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
      const isBusyElsewhere =
        (event.target instanceof Element && event.target.closest(TAKES_LETTERS) !== null) ||
        document.querySelector(OPEN_DIALOG) !== null;
      const side = event.key === "b" ? "buy" : event.key === "s" ? "sell" : null;
      if (side === null || isBusyElsewhere || !useUi.getState().hasHotkeys) return;
      event.preventDefault();
      openTicket(market, side);
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [market]);
}
