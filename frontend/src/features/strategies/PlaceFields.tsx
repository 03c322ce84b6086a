import { useState } from "react";
import type { Schemas } from "@/api/client";
import { TIMEFRAMES, type Timeframe } from "@/api/queries/bars";
import { modeOf } from "@/domain/mode";
import { InstrumentField } from "@/ui/InstrumentField";
import { ModeBadge } from "@/ui/ModeBadge";
import { SelectField } from "@/ui/SelectField";
import { TextField } from "@/ui/TextField";
import { type CreateDraft, instrumentKey, MOST_INSTRUMENTS } from "./create";

type Connection = Schemas["ConnectionAnswer"];

type Props = {
  readonly draft: CreateDraft;
  readonly connections: readonly Connection[];
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (part: Partial<CreateDraft>) => void;
};

/** Where a strategy trades and what: connection, account, instruments, time frame, and how it stops. */
export function PlaceFields({ draft, connections, errors, onChange }: Props) {
  const [searchAt, setSearchAt] = useState<string | null>(null);
  const connection = connections.find(({ connection_id }) => connection_id === draft.connectionId) ?? null;
  const at = searchAt ?? draft.connectionId;
  const ids = connections.map(({ connection_id }) => <option key={connection_id}>{connection_id}</option>);
  return (
    <div className="grid grid-cols-2 items-start gap-2 max-sm:grid-cols-1">
      <SelectField
        label="Connection"
        value={draft.connectionId}
        error={errors.connection_id}
        hint={connection !== null && <Mode connection={connection} accountId={draft.accountId} />}
        onChange={(connectionId) => {
          setSearchAt(null);
          onChange({ connectionId, accountId: "", instruments: [] });
        }}
      >
        {ids}
      </SelectField>
      <SelectField
        label="Account"
        value={draft.accountId}
        error={errors.account_id}
        onChange={(accountId) => onChange({ accountId })}
      >
        <option value="">the connection's first</option>
        {connection?.accounts.map(({ account_id, currency }) => (
          <option key={account_id} value={account_id}>
            {account_id} ({currency})
          </option>
        ))}
      </SelectField>
      <SelectField label="Search instruments at" value={at} onChange={setSearchAt}>
        {ids}
      </SelectField>
      <TextField
        label="Name (optional)"
        value={draft.strategyId}
        error={errors.strategy_id}
        hint="made from the class when empty"
        onChange={(strategyId) => onChange({ strategyId })}
      />
      <div className="col-span-full">
        <InstrumentField
          label="Instruments"
          connectionId={at === "" ? null : at}
          chosen={draft.instruments}
          most={MOST_INSTRUMENTS}
          keyOf={({ instrument_id }) => instrumentKey(instrument_id, at, draft.connectionId)}
          error={errors.instrument_ids}
          onChange={(instruments) => onChange({ instruments })}
        />
      </div>
      <SelectField
        label="Time frame"
        value={draft.timeframe}
        error={errors.timeframe}
        onChange={(timeframe) => onChange({ timeframe: timeframe as Timeframe })}
      >
        {TIMEFRAMES.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </SelectField>
      <SelectField
        label="When it stops or faults"
        value={draft.onStop}
        error={errors.on_stop}
        onChange={(onStop) => onChange({ onStop: onStop as CreateDraft["onStop"] })}
      >
        <option value="cancel">cancel its open orders</option>
        <option value="keep">keep its open orders</option>
      </SelectField>
    </div>
  );
}

function Mode({ connection, accountId }: { readonly connection: Connection; readonly accountId: string }) {
  const accounts = connection.accounts.filter(
    ({ account_id }) => accountId === "" || account_id === accountId,
  );
  return <ModeBadge mode={modeOf(connection, accounts.find(({ live }) => live) ?? null)} />;
}
