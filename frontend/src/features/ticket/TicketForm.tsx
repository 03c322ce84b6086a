import type { KeyboardEvent } from "react";
import type { Schemas } from "@/api/client";
import { useRow } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { Choice } from "@/ui/Choice";
import { ConfirmOrder } from "./ConfirmOrder";
import { ExitFields } from "./ExitFields";
import { Options } from "./Options";
import { PreviewFacts } from "./PreviewFacts";
import { PriceFields } from "./PriceFields";
import { QuantityField } from "./QuantityField";
import { quoteNow } from "./quote";
import { SendNote } from "./SendNote";
import { isBusy } from "./send";
import { AccountField, NotOffered, TypeField } from "./TicketParts";
import { type TicketProps, useOrderTicket } from "./useOrderTicket";
import { actionWords } from "./words";

/** The fields of one order, what it would meet, and the button that sends it. Enter alone sends nothing. */
export function TicketForm(props: TicketProps) {
  const { connection, account, terms } = props;
  const ticket = useOrderTicket(props);
  const { draft, edit, offers, legs, errors, request, obstacle, mode, state, tell, canSend, review } = ticket;
  const accountKey = `${connection.connection_id}\u0000${account.account_id}`;
  const money = useRow<Schemas["AccountAnswer"]>("account", accountKey);
  const isHeldUp = isBusy(state);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if ((event.ctrlKey || event.metaKey) && !event.repeat) review();
  }

  return (
    <form className="flex flex-col gap-2 p-2.5" onSubmit={(event) => event.preventDefault()}>
      <fieldset
        disabled={isHeldUp}
        onKeyDown={onKeyDown}
        className="m-0 flex min-w-0 flex-col gap-2 border-0 p-0"
      >
        <legend className="sr-only">Order for {terms.instrument_id}</legend>
        {ticket.hasSeveral && <AccountField accounts={connection.accounts} chosen={account} onEdit={edit} />}
        <Choice legend="Side" options={SIDES} chosen={draft.side} onChoose={(side) => edit({ side })} />
        <TypeField draft={draft} offers={offers} onEdit={edit} />
        <PriceFields draft={draft} terms={terms} errors={errors} onEdit={edit} />
        <QuantityField
          draft={draft}
          terms={terms}
          account={money}
          position={legs.target}
          error={errors.quantity}
          onEdit={edit}
        />
        <ExitFields draft={draft} terms={terms} offers={offers} errors={errors} onEdit={edit} />
        <Options
          draft={draft}
          offers={offers}
          expiryError={errors.expiresAt}
          legs={legs.isHedging ? legs.open : null}
          legError={legs.error ?? undefined}
          onEdit={edit}
        />
      </fieldset>
      <PreviewFacts request={isHeldUp ? null : request} terms={terms} />
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
      <NotOffered offers={offers} />
      <ConfirmOrder
        state={state}
        terms={terms}
        mode={mode}
        accountId={account.account_id}
        quote={quoteNow(terms)}
        onConfirm={() => tell({ type: "confirm" })}
        onBack={() => tell({ type: "back" })}
      />
    </form>
  );
}

const SIDES = [
  { name: "buy", label: "Buy", look: "text-up" },
  { name: "sell", label: "Sell", look: "text-down" },
] as const;
