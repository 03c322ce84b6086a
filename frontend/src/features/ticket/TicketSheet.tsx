import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useState } from "react";
import type { Instrument } from "@/api/queries/instruments";
import { Button } from "@/ui/Button";
import type { Side } from "./draft";
import { marketKey, useTickets } from "./store";
import { Ticket } from "./Ticket";
import { useClickedPrice } from "./useClickedPrice";

type Props = { readonly connectionId: string; readonly instrument: Instrument };

/** The ticket of a phone: two buttons under the thumb open it from below; they fill in the side and send nothing. */
export function TicketSheet({ connectionId, instrument }: Props) {
  const [isOpen, setOpen] = useState(false);
  const market = marketKey(connectionId, instrument.instrument_id);
  useClickedPrice(market, () => setOpen(true));

  function open(side: Side): void {
    useTickets.getState().edit(market, { side });
    setOpen(true);
  }

  return (
    <>
      <div className="sticky -bottom-2 z-20 grid grid-cols-2 gap-2 border-t border-line bg-canvas py-2">
        <Button look="buy" className="min-h-12 bg-surface! font-semibold" onClick={() => open("buy")}>
          Buy
        </Button>
        <Button look="sell" className="min-h-12 bg-surface! font-semibold" onClick={() => open("sell")}>
          Sell
        </Button>
      </div>
      <Radix.Root open={isOpen} onOpenChange={setOpen}>
        <Radix.Portal>
          <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" />
          <Radix.Content
            aria-describedby={undefined}
            className="fixed inset-x-0 bottom-0 z-40 flex max-h-[88dvh] flex-col rounded-t-md border-t border-line bg-surface shadow-xl"
          >
            <div className="flex items-center gap-2 px-2.5">
              <Radix.Title className="m-0 truncate text-sm font-semibold">
                {instrument.instrument_id}
              </Radix.Title>
              <Radix.Close asChild>
                <Button look="quiet" aria-label="Close the ticket" className="ml-auto min-w-11 px-1!">
                  <X size={18} aria-hidden />
                </Button>
              </Radix.Close>
            </div>
            <Ticket
              connectionId={connectionId}
              instrument={instrument}
              className="min-h-0 flex-1 rounded-none! border-x-0! border-b-0!"
            />
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </>
  );
}
