import { type KeyboardEvent, useMemo } from "react";
import type { Schemas } from "@/api/client";
import type { Instrument } from "@/api/queries/instruments";
import { modeOf } from "@/domain/mode";
import { newOrderId } from "@/domain/order-id";
import { typeWord } from "@/domain/orders";
import type { ProductCapabilities } from "@/domain/products";
import { useRow, useRows } from "@/stream/hooks";
import { quotesChannel } from "@/stream/protocol";
import { streamStore } from "@/stream/store";
import { Button } from "@/ui/Button";
import { Choice } from "@/ui/Choice";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { ConfirmOrder } from "./ConfirmOrder";
import { errorsOf, missingOf } from "./check";
import type { Quote } from "./distance";
import type { Draft, OrderType } from "./draft";
import { ExitFields } from "./ExitFields";
import { Options } from "./Options";
import { fitted, offersOf } from "./offers";
import { PreviewFacts } from "./PreviewFacts";
import { PriceFields } from "./PriceFields";
import { QuantityField } from "./QuantityField";
import { questionsOf } from "./questions";
import { requestOf } from "./request";
import { SendNote } from "./SendNote";
import { isBusy } from "./send";
import { useTicket, useTickets } from "./store";
import { useSend } from "./useSend";
import { actionWords, missingOffers } from "./words";

type Props = {
  readonly market: string;
  readonly connection: Schemas["ConnectionAnswer"];
  readonly account: Schemas["ConnectionAccountAnswer"];
  readonly product: ProductCapabilities;
  readonly instrument: Instrument;
};

export function TicketForm({ market, connection, account, product, instrument: terms }: Props) {
  const { draft: typed } = useTicket(market);
  const { state, tell } = useSend(market);
  const offers = useMemo(() => offersOf(product), [product]);
  const draft = fitted(typed, offers);
  const legs = useLegs(connection, account, product, terms);
  const money = useRow<Schemas["AccountAnswer"]>(
    "account",
    `${connection.connection_id}\u0000${account.account_id}`,
  );
  const onEdit = (change: Partial<Draft>) => useTickets.getState().edit(market, change);

  const errors = errorsOf(draft, terms, Date.now());
  const isWhole = Object.keys(errors).length === 0 && missingOf(draft).length === 0;
  const hasSeveral = connection.accounts.length > 1;
  const target = { connectionId: connection.connection_id, instrumentId: terms.instrument_id };
  const request = isWhole
    ? requestOf({ ...draft, accountId: hasSeveral ? account.account_id : null }, target)
    : null;
  const obstacle = obstacleOf(connection);
  const mode = modeOf(connection, account);
  const isHeldUp = isBusy(state);
  const canSend = request !== null && obstacle === null && !isHeldUp && state.phase !== "unsent";

  function review(): void {
    if (request === null || !canSend) return;
    const questions = questionsOf(request, terms, quoteNow(terms), useTickets.getState().sent, Date.now());
    const sent = { ...request, client_order_id: newOrderId() };
    tell({ type: "review", request: sent, questions, mustConfirm: mode === "live" });
  }

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
        {hasSeveral && <AccountField accounts={connection.accounts} chosen={account} onEdit={onEdit} />}
        <Choice legend="Side" options={SIDES} chosen={draft.side} onChoose={(side) => onEdit({ side })} />
        <Field label="Order type">
          {({ id }) => (
            <select
              id={id}
              value={draft.type}
              onChange={(event) => onEdit({ type: event.target.value as OrderType })}
              className={`${FIELD_LOOK} border-line`}
            >
              {offers.types
                .filter((offer) => offer.reason === null)
                .map(({ name }) => (
                  <option key={name} value={name}>
                    {typeWord(name)}
                  </option>
                ))}
            </select>
          )}
        </Field>
        <PriceFields draft={draft} terms={terms} errors={errors} onEdit={onEdit} />
        <QuantityField
          draft={draft}
          terms={terms}
          account={money}
          position={positionOf(legs.all, draft, legs.isHedging)}
          error={errors.quantity}
          onEdit={onEdit}
        />
        <ExitFields draft={draft} terms={terms} offers={offers} errors={errors} onEdit={onEdit} />
        <Options
          draft={draft}
          offers={offers}
          expiryError={errors.expiresAt}
          legs={legs.isHedging ? legs.all : null}
          onEdit={onEdit}
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

/** Why nothing can be sent to the broker now; null = it can. */
function obstacleOf({ connection_id, status, last_error }: Schemas["ConnectionAnswer"]): string | null {
  if (status === "connected" || status === "degraded") return null;
  const cause = last_error === null ? "" : `: ${last_error.detail}`;
  return `${connection_id} is ${status}${cause}. Orders wait until it is back.`;
}

function quoteNow({ connection_id, instrument_id }: Instrument): Quote | null {
  const channel = quotesChannel(connection_id, instrument_id);
  return (streamStore.getState().channels[channel]?.value ?? null) as Quote | null;
}

type Position = Schemas["PositionAnswer"];

/** The open positions of the market and account, and whether orders choose among them. */
function useLegs(
  connection: Schemas["ConnectionAnswer"],
  account: Schemas["ConnectionAccountAnswer"],
  product: ProductCapabilities,
  terms: Instrument,
): { readonly all: readonly Position[]; readonly isHedging: boolean } {
  const positions = useRows<Position>("positions");
  const all = positions.filter(
    (each) =>
      each.connection_id === connection.connection_id &&
      each.account_id === account.account_id &&
      each.instrument_id === terms.instrument_id &&
      each.side !== "flat",
  );
  return { all, isHedging: product.hedging && account.mode === "hedging" };
}

function positionOf(legs: readonly Position[], draft: Draft, isHedging: boolean): Position | null {
  if (isHedging) return legs.find((leg) => leg.position_id === draft.positionId) ?? null;
  return legs[0] ?? null;
}

type AccountFieldProps = {
  readonly accounts: readonly Schemas["ConnectionAccountAnswer"][];
  readonly chosen: Schemas["ConnectionAccountAnswer"];
  readonly onEdit: (change: Partial<Draft>) => void;
};

function AccountField({ accounts, chosen, onEdit }: AccountFieldProps) {
  return (
    <Field label="Account">
      {({ id }) => (
        <select
          id={id}
          value={chosen.account_id}
          onChange={(event) => onEdit({ accountId: event.target.value, positionId: null })}
          className={`${FIELD_LOOK} border-line`}
        >
          {accounts.map(({ account_id, currency, live }) => (
            <option key={account_id} value={account_id}>
              {account_id} ({currency}
              {live ? ", real money" : ""})
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function NotOffered({ offers }: { readonly offers: ReturnType<typeof offersOf> }) {
  const missing = missingOffers(offers);
  if (missing.length === 0) return null;
  return (
    <details className="text-xs text-muted">
      <summary className="cursor-pointer py-1">Not offered here ({missing.length})</summary>
      <dl className="m-0">
        {missing.map(({ name, reason }) => (
          <div key={name} className="mb-1">
            <dt className="font-semibold">{name}</dt>
            <dd className="m-0">{reason}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
