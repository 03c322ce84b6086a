import type { Schemas } from "@/api/client";
import { typeWord } from "@/domain/orders";
import { FIELD_LOOK, Field } from "@/ui/Field";
import type { Draft, OrderType } from "./draft";
import type { Offers } from "./offers";
import { missingOffers } from "./words";

type AccountFieldProps = {
  readonly accounts: readonly Schemas["ConnectionAccountAnswer"][];
  readonly chosen: Schemas["ConnectionAccountAnswer"];
  readonly onEdit: (change: Partial<Draft>) => void;
};

/** Which account trades; shown only where there are several. */
export function AccountField({ accounts, chosen, onEdit }: AccountFieldProps) {
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

/** Everything that the broker does not have here, each with its reason in the server's words. */
export function NotOffered({ offers }: { readonly offers: Offers }) {
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

type TypeProps = {
  readonly draft: Draft;
  readonly offers: Offers;
  readonly onEdit: (change: Partial<Draft>) => void;
};

/** The order types that the broker has. */
export function TypeField({ draft, offers, onEdit }: TypeProps) {
  return (
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
  );
}
