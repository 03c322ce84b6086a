import type { Schemas } from "@/api/client";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { type Draft, defaultTimeInForce } from "./draft";
import { type Offers, postOnlyObstacle } from "./offers";
import { TIME_WORDS } from "./words";

type Props = {
  readonly draft: Draft;
  readonly offers: Offers;
  readonly expiryError: string | undefined;
  /** Positions to choose from; null where the account nets. */
  readonly legs: readonly Schemas["PositionAnswer"][] | null;
  readonly legError: string | undefined;
  readonly onEdit: (change: Partial<Draft>) => void;
};

/** How long the order works and what it may not do, as far as the broker has it. */
export function Options({ draft, offers, expiryError, legs, legError, onEdit }: Props) {
  const postOnly = postOnlyObstacle(draft, offers);
  const times = offers.timesInForce.filter((offer) => offer.reason === null);
  return (
    <>
      {draft.type !== "market" && (
        <Field label="Time in force">
          {({ id }) => (
            <select
              id={id}
              value={draft.timeInForce ?? defaultTimeInForce(draft.type)}
              onChange={(event) => onEdit({ timeInForce: event.target.value as Draft["timeInForce"] })}
              className={`${FIELD_LOOK} border-line`}
            >
              {times.map(({ name }) => (
                <option key={name} value={name}>
                  {TIME_WORDS[name]}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {draft.timeInForce === "gtd" && (
        <Field label="Expires (local time)" error={expiryError}>
          {({ id, describedBy }) => (
            <input
              id={id}
              type="datetime-local"
              value={draft.expiresAt}
              aria-describedby={describedBy}
              aria-invalid={expiryError !== undefined}
              onChange={(event) => onEdit({ expiresAt: event.target.value })}
              className={`${FIELD_LOOK} border-line`}
            />
          )}
        </Field>
      )}
      {legs !== null && <LegField draft={draft} legs={legs} error={legError} onEdit={onEdit} />}
      <div className="flex flex-wrap gap-x-4">
        <Mark
          label="Post-only"
          isSet={draft.isPostOnly && postOnly === null}
          obstacle={postOnly}
          onSet={(isPostOnly) => onEdit({ isPostOnly })}
        />
        <Mark
          label="Reduce-only"
          isSet={draft.isReduceOnly && offers.reduceOnly === null}
          obstacle={offers.reduceOnly}
          onSet={(isReduceOnly) => onEdit({ isReduceOnly })}
        />
      </div>
    </>
  );
}

type MarkProps = {
  readonly label: string;
  readonly isSet: boolean;
  readonly obstacle: string | null;
  readonly onSet: (isSet: boolean) => void;
};

function Mark({ label, isSet, obstacle, onSet }: MarkProps) {
  return (
    <label
      title={obstacle ?? undefined}
      className={`flex min-h-7 items-center gap-1.5 text-sm max-md:min-h-11 ${obstacle === null ? "" : "text-muted"}`}
    >
      <input
        type="checkbox"
        checked={isSet}
        disabled={obstacle !== null}
        onChange={(event) => onSet(event.target.checked)}
      />
      {label}
      {obstacle !== null && <span className="sr-only">: {obstacle}</span>}
    </label>
  );
}

type LegProps = Pick<Props, "draft" | "onEdit"> & {
  readonly legs: readonly Schemas["PositionAnswer"][];
  readonly error: string | undefined;
};

function LegField({ draft, legs, error, onEdit }: LegProps) {
  return (
    <Field label="Acts on" error={error}>
      {({ id }) => (
        <select
          id={id}
          value={draft.positionId ?? ""}
          onChange={(event) => onEdit({ positionId: event.target.value || null })}
          className={`${FIELD_LOOK} border-line`}
        >
          <option value="">a new position</option>
          {error !== undefined && <option value={draft.positionId ?? ""}>{draft.positionId}: closed</option>}
          {legs.map((leg) => (
            <option key={leg.position_id} value={leg.position_id}>
              {leg.position_id}: {leg.side} {leg.quantity} {leg.quantity_unit}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
