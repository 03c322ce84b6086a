import { Button } from "@/ui/Button";
import { ArmOneClick } from "./ArmOneClick";
import { ConfirmOrder } from "./ConfirmOrder";
import { PreviewFacts } from "./PreviewFacts";
import { quoteNow } from "./quote";
import { SendNote } from "./SendNote";
import { isBusy } from "./send";
import type { OrderTicket, TicketProps } from "./useOrderTicket";
import { actionWords } from "./words";

type Props = Pick<TicketProps, "market" | "account" | "terms"> & { readonly ticket: OrderTicket };

/** What the order would meet, what became of it, and the one button that sends it, after asking where it must. */
export function SendPart({ market, account, terms, ticket }: Props) {
  const { draft, request, obstacle, mode, state, tell, canSend, review } = ticket;
  return (
    <>
      <PreviewFacts request={isBusy(state) ? null : request} terms={terms} />
      <div aria-live="polite">
        <SendNote state={state} terms={terms} tell={tell} />
      </div>
      {obstacle !== null && <p className="m-0 text-xs text-warn">{obstacle}</p>}
      <Button
        look={draft.side}
        disabled={!canSend}
        onClick={review}
        aria-keyshortcuts="Control+Enter"
        className="min-h-10 font-semibold"
      >
        {actionWords(draft, terms.quantity_unit)}
      </Button>
      <ArmOneClick market={market} accountId={account.account_id} mode={mode} />
      <ConfirmOrder
        state={state}
        terms={terms}
        mode={mode}
        accountId={account.account_id}
        quote={quoteNow(terms)}
        onConfirm={() => tell({ type: "confirm" })}
        onBack={() => tell({ type: "back" })}
      />
    </>
  );
}
