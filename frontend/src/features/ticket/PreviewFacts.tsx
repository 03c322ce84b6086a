import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import { type Preview, type TradeRequest, usePreview } from "@/api/queries/trade";
import { notional, type Terms } from "@/domain/contract";
import { decimal, toPlain } from "@/domain/decimal";
import { money, signedMoney } from "@/domain/format";
import { useValue } from "@/stream/hooks";
import { quotesChannel } from "@/stream/protocol";
import { useDebounced } from "@/ui/useDebounced";
import { distanceOf, distanceWords, type Quote, referenceOf } from "./distance";

const SETTLE_MS = 450;

type Props = { readonly request: TradeRequest | null; readonly terms: Terms };

/** What the server says of the order before it is sent; null = the draft is not whole yet. */
export function PreviewFacts({ request, terms }: Props) {
  const settled = useDebounced(request, SETTLE_MS);
  const isCurrent = JSON.stringify(settled) === JSON.stringify(request);
  const { data, error, isFetching } = usePreview(isCurrent ? settled : null);
  if (request === null) return null;
  const shown = isCurrent ? data : undefined;
  return (
    <div aria-busy={!isCurrent || isFetching} className="rounded-sm border border-line bg-raised p-2 text-xs">
      <dl className="m-0 grid grid-cols-[auto_1fr] gap-x-2 gap-y-0.5">
        <Fact name="Worth">
          <Worth request={request} terms={terms} told={shown?.notional ?? null} />
        </Fact>
        <Fact name="From market">
          <DistanceText request={request} terms={terms} />
        </Fact>
        {shown?.estimate != null && <EstimateFacts estimate={shown.estimate} />}
      </dl>
      {shown !== undefined && <Warnings preview={shown} />}
      {isCurrent && error !== null && <ProblemText error={error} />}
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="num m-0 whitespace-normal">{children}</dd>
    </>
  );
}

function EstimateFacts({ estimate }: { readonly estimate: Schemas["EstimateAnswer"] }) {
  const { currency } = estimate;
  return (
    <>
      <Fact name="Fee">{feeWords(estimate)}</Fact>
      <Fact name="Margin after">
        {estimate.margin_initial === null
          ? "not told"
          : `${money(estimate.margin_initial, currency)} ${currency}`}
        {estimate.margin_initial_change !== null &&
          ` (${signedMoney(estimate.margin_initial_change, currency)})`}
      </Fact>
      {estimate.equity !== null && (
        <Fact name="Equity after">
          {money(estimate.equity, currency)} {currency}
        </Fact>
      )}
    </>
  );
}

function feeWords({ fee, fee_least, fee_most }: Schemas["EstimateAnswer"]): string {
  const words = (each: Schemas["MoneyAnswer"]) => `${money(each.amount, each.currency)} ${each.currency}`;
  if (fee !== null) return words(fee);
  if (fee_least !== null && fee_most !== null) return `${words(fee_least)} to ${words(fee_most)}`;
  return fee_most === null ? "not told" : `at most ${words(fee_most)}`;
}

function Warnings({ preview }: { readonly preview: Preview }) {
  const { denied, refused, estimate, unsupported } = preview;
  return (
    <>
      {denied !== null && <Bad title="Would be denied here" code={denied.code} text={denied.text} />}
      {refused !== null && (
        <Bad
          title="The broker would refuse it"
          code={refused.code}
          text={refused.text ?? "no reason given"}
        />
      )}
      {estimate?.warning != null && <p className="mt-1 mb-0 text-warn">{estimate.warning}</p>}
      {unsupported !== null && <p className="mt-1 mb-0 text-muted">No fee or margin: {unsupported}.</p>}
    </>
  );
}

type BadProps = { readonly title: string; readonly code: string | null; readonly text: string };

function Bad({ title, code, text }: BadProps) {
  return (
    <p role="status" className="mt-1 mb-0 text-danger">
      {title}: {text}
      {code !== null && <code className="ml-1">({code})</code>}
    </p>
  );
}

function ProblemText({ error }: { readonly error: Error }) {
  const code = error instanceof ApiProblem ? error.code : null;
  return <Bad title="No preview" code={code} text={error.message} />;
}

function useQuote(terms: Terms): Quote | null {
  return useValue<Quote>(quotesChannel(terms.connection_id, terms.instrument_id));
}

type WorthProps = {
  readonly request: TradeRequest;
  readonly terms: Terms;
  readonly told: Schemas["MoneyAnswer"] | null;
};

/** The server's figure; of orders at the market our own, at the price on the other side, and marked so. */
function Worth({ request, terms, told }: WorthProps) {
  const reference = referenceOf(request.side, useQuote(terms));
  if (told !== null) return `${money(told.amount, told.currency)} ${told.currency}`;
  const text = request.price ?? request.trigger_price;
  const price = text == null ? (reference?.price ?? null) : decimal(text);
  const worth = price === null ? null : notional(terms, price, decimal(request.quantity));
  if (worth === null) return "no price";
  const about = text == null ? `, at the ${reference?.name}` : "";
  return `\u2248 ${money(toPlain(worth), terms.settle)} ${terms.settle}${about}`;
}

/** A leaf of its own: it renders with every quote. */
export function DistanceText({ request, terms }: { readonly request: TradeRequest; readonly terms: Terms }) {
  const quote = useQuote(terms);
  const text = request.price ?? request.trigger_price;
  if (quote === null) return "no price";
  const age = quote.stale ? " (old price)" : "";
  if (text == null) return `at the market${age}`;
  const distance = distanceOf(text, request.side, quote, terms);
  return distance === null ? "no price" : distanceWords(distance) + age;
}
