import { type KeyboardEvent, useRef } from "react";
import { notional, type Terms } from "@/domain/contract";
import { decimal, toPlain } from "@/domain/decimal";
import { money } from "@/domain/format";
import { MODE_WORDS, type Mode } from "@/domain/mode";
import { typeWord } from "@/domain/orders";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ModeBadge } from "@/ui/ModeBadge";
import { type Quote, referenceOf } from "./distance";
import { HoldButton } from "./HoldButton";
import { DistanceText } from "./PreviewFacts";
import type { SendState } from "./send";

type Props = {
  readonly state: SendState;
  readonly terms: Terms;
  readonly mode: Mode;
  readonly accountId: string;
  readonly quote: Quote | null;
  readonly onConfirm: () => void;
  readonly onBack: () => void;
};

/** Says once more what will happen; the way out has the focus, and real money needs a held button. */
export function ConfirmOrder({ state, terms, mode, accountId, quote, onConfirm, onBack }: Props) {
  const wayOut = useRef<HTMLButtonElement>(null);
  if (state.phase !== "confirming") return null;
  const { request, questions } = state;
  const verb = request.side === "buy" ? "Buy" : "Sell";

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
    event.preventDefault();
    event.stopPropagation();
    onConfirm();
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onBack()}
      title={`${verb} ${request.quantity} ${terms.quantity_unit} of ${terms.instrument_id}?`}
      description={
        <span className="flex items-center gap-2">
          <ModeBadge mode={mode} /> {MODE_WORDS[mode].sentence}
        </span>
      }
      firstFocus={wayOut}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the dialog's own buttons bubble up here */}
      <div onKeyDown={onKeyDown}>
        {questions.length > 0 && (
          <ul
            role="alert"
            className="mt-0 mb-3 list-none rounded-sm border border-warn p-2 text-sm text-warn"
          >
            {questions.map((question) => (
              <li key={question.code + question.text}>{`\u26a0 ${question.text}`}</li>
            ))}
          </ul>
        )}
        <dl className="mt-0 mb-4 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
          <Line name="Account" value={`${accountId} at ${terms.connection_id}`} />
          <Line name="Order" value={`${verb}, ${typeWord(request.order_type)}`} />
          <Line name="Quantity" value={`${request.quantity} ${terms.quantity_unit}`} />
          {request.price != null && <Line name="Limit" value={`${request.price} ${terms.quote}`} />}
          {request.trigger_price != null && (
            <Line name="Trigger" value={`${request.trigger_price} ${terms.quote}`} />
          )}
          <Line name="Worth" value={worthWords(state, terms, quote)} />
          <dt className="text-muted">From market</dt>
          <dd className="num m-0 whitespace-normal">
            <DistanceText request={request} terms={terms} />
          </dd>
        </dl>
        <div className="flex items-center justify-end gap-2">
          <Button ref={wayOut} onClick={onBack}>
            Cancel
          </Button>
          {mode === "live" ? (
            <HoldButton label={`Hold to ${verb.toLowerCase()}`} onDone={onConfirm} />
          ) : (
            <Button look={request.side} onClick={onConfirm} aria-keyshortcuts="Control+Enter">
              {verb} anyway
            </Button>
          )}
        </div>
        {mode === "live" && (
          <p className="mt-2 mb-0 text-right text-xs text-muted">Hold the button, or press Ctrl+Enter.</p>
        )}
      </div>
    </Dialog>
  );
}

function Line({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="num m-0 whitespace-normal">{value}</dd>
    </>
  );
}

function worthWords(
  state: Extract<SendState, { phase: "confirming" }>,
  terms: Terms,
  quote: Quote | null,
): string {
  const { price, trigger_price, side, quantity } = state.request;
  const text = price ?? trigger_price;
  const at = text == null ? (referenceOf(side, quote)?.price ?? null) : decimal(text);
  const worth = at === null ? null : notional(terms, at, decimal(quantity));
  return worth === null ? "no price" : `\u2248 ${money(toPlain(worth), terms.settle)} ${terms.settle}`;
}
