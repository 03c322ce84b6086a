import type { CreateRequest } from "@/api/queries/strategies";
import type { Scalar } from "@/ui/SchemaForm/schema";

/** What the form holds beside the parameters. */
export type CreateDraft = {
  readonly strategyId: string;
  readonly className: string;
  readonly connectionId: string;
  readonly accountId: string;
  readonly instruments: readonly string[];
  readonly timeframe: CreateRequest["timeframe"];
  readonly onStop: "cancel" | "keep";
};

export const MOST_INSTRUMENTS = 20;
const ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** What keeps a draft from being sent, by the API's names of the fields. */
export function createErrors(draft: CreateDraft): Readonly<Record<string, string>> {
  const errors: Record<string, string> = {};
  if (draft.className === "") errors.class = "choose a strategy";
  if (draft.connectionId === "") errors.connection_id = "choose a connection";
  if (draft.instruments.length === 0) errors.instrument_ids = "choose at least one";
  if (draft.strategyId !== "" && !ID.test(draft.strategyId))
    errors.strategy_id = "lower case letters, digits and -, at most 32";
  return errors;
}

/** The body of `POST /strategies`. */
export function createRequest(
  draft: CreateDraft,
  parameters: Readonly<Record<string, Scalar>>,
): CreateRequest {
  return {
    strategy_id: draft.strategyId === "" ? null : draft.strategyId,
    class: draft.className,
    connection_id: draft.connectionId,
    account_id: draft.accountId === "" ? null : draft.accountId,
    instrument_ids: [...draft.instruments],
    timeframe: draft.timeframe,
    parameters: { ...parameters },
    on_stop: draft.onStop,
  };
}

/** An instrument of another connection is written with it. */
export function instrumentKey(instrumentId: string, at: string, own: string): string {
  return at === own ? instrumentId : `${at}:${instrumentId}`;
}

/** The message at the field of the instruments: the server names one of the list. */
export function instrumentError(errors: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(errors).find(([field]) => field.startsWith("instrument_ids"))?.[1];
}
