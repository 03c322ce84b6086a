import type { KeyboardEvent } from "react";
import type { Schemas } from "@/api/client";
import { useRow } from "@/stream/hooks";
import { Choice } from "@/ui/Choice";
import { ExitFields } from "./ExitFields";
import { Options } from "./Options";
import { PriceFields } from "./PriceFields";
import { QuantityField } from "./QuantityField";
import { isBusy } from "./send";
import { AccountField, TypeField } from "./TicketParts";
import type { OrderTicket, TicketProps } from "./useOrderTicket";

type Props = Pick<TicketProps, "connection" | "account" | "terms"> & { readonly ticket: OrderTicket };

/** What the order is: account, side, type, prices, quantity, exits, options. Enter alone sends nothing. */
export function OrderFields({ connection, account, terms, ticket }: Props) {
  const { draft, edit, offers, legs, errors, review } = ticket;
  const accountKey = `${connection.connection_id}\u0000${account.account_id}`;
  const money = useRow<Schemas["AccountAnswer"]>("account", accountKey);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter") return;
    const isSend = event.ctrlKey || event.metaKey;
    if (!isSend && event.target instanceof HTMLButtonElement) return;
    event.preventDefault();
    if (isSend && !event.repeat) review();
  }

  return (
    <fieldset
      disabled={isBusy(ticket.state)}
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
        accountId={account.account_id}
        legs={legs}
        fault={errors.quantity}
        onEdit={edit}
      />
      <ExitFields draft={draft} terms={terms} offers={offers} errors={errors} onEdit={edit} />
      <Options
        draft={draft}
        offers={offers}
        expiryError={errors.expiresAt?.text}
        legs={legs.isHedging ? legs.open : null}
        legError={legs.error ?? undefined}
        onEdit={edit}
      />
    </fieldset>
  );
}

const SIDES = [
  { name: "buy", label: "Buy", look: "text-up" },
  { name: "sell", label: "Sell", look: "text-down" },
] as const;
