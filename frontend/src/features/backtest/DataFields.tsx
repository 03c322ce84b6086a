import type { Schemas } from "@/api/client";
import { TIMEFRAMES, type Timeframe } from "@/api/queries/bars";
import { type Dataset, isDownloading, useDatasets } from "@/api/queries/datasets";
import { useRows } from "@/stream/hooks";
import { Choice } from "@/ui/Choice";
import { DateTimeField } from "@/ui/DateTimeField";
import { InstrumentField } from "@/ui/InstrumentField";
import { SelectField } from "@/ui/SelectField";
import { coverageWords } from "./coverage-words";
import type { FieldProps } from "./field-props";
import type { RunDraft } from "./request";

/** The history of a run: a dataset that is stored, or what a connection still has. */
export function DataFields({ draft, errors, onChange }: FieldProps) {
  return (
    <fieldset className="m-0 flex flex-col gap-2 rounded-sm border border-line p-2">
      <legend className="px-1 text-xs text-muted">History</legend>
      <Choice
        legend="Where the history comes from"
        options={[
          { name: "connection", label: "From a connection" },
          { name: "dataset", label: "From a dataset" },
        ]}
        chosen={draft.source}
        onChoose={(source) => onChange({ source })}
      />
      {draft.source === "connection" ? (
        <FromConnection draft={draft} errors={errors} onChange={onChange} />
      ) : (
        <FromDataset draft={draft} errors={errors} onChange={onChange} />
      )}
      <div className="grid grid-cols-2 gap-2 max-sm:grid-cols-1">
        <DateTimeField
          label="Start, UTC"
          value={draft.start}
          error={errors.start}
          hint={draft.source === "connection" ? "empty: the newest 5,000 bars" : "empty: from the first bar"}
          onChange={(start) => onChange({ start })}
        />
        <DateTimeField
          label="End, UTC"
          value={draft.end}
          error={errors.end}
          hint="empty: to the last bar"
          onChange={(end) => onChange({ end })}
        />
      </div>
    </fieldset>
  );
}

function FromConnection({ draft, errors, onChange }: FieldProps) {
  const connections = useRows<Schemas["ConnectionAnswer"]>("connections");
  const { connectionId, instrumentId } = draft;
  return (
    <div className="grid grid-cols-2 items-start gap-2 max-sm:grid-cols-1">
      <SelectField
        label="Connection"
        value={connectionId}
        error={errors["data.connection_id"] ?? errors.data}
        onChange={(chosen) => onChange({ connectionId: chosen, instrumentId: "" })}
      >
        <option value="" disabled>
          Choose a connection
        </option>
        {connections.map(({ connection_id }) => (
          <option key={connection_id}>{connection_id}</option>
        ))}
      </SelectField>
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
      <InstrumentField
        label="Instrument"
        connectionId={connectionId === "" ? null : connectionId}
        chosen={instrumentId === "" ? [] : [instrumentId]}
        most={1}
        error={errors.instrument_id}
        onChange={([chosen]) => onChange({ instrumentId: chosen ?? "" })}
      />
    </div>
  );
}

function FromDataset({ draft, errors, onChange }: FieldProps) {
  const { data } = useDatasets();
  const usable = (data ?? []).filter(isUsable);
  const chosen = usable.find(({ dataset_id }) => dataset_id === draft.datasetId);
  const message = errors["data.dataset_id"] ?? errors.data ?? errors.instrument_id ?? errors.timeframe;
  return (
    <SelectField
      label="Dataset"
      value={draft.datasetId}
      error={message}
      hint={
        chosen === undefined
          ? "Upload or download one on this page; only bars can be run on."
          : coverageWords(chosen)
      }
      onChange={(id) => onChange(termsOf(usable.find(({ dataset_id }) => dataset_id === id)))}
    >
      <option value="" disabled>
        Choose a dataset
      </option>
      {usable.map((dataset) => (
        <option key={dataset.dataset_id} value={dataset.dataset_id}>
          {dataset.name}
        </option>
      ))}
    </SelectField>
  );
}

function isUsable(dataset: Dataset): boolean {
  return dataset.kind === "bars" && dataset.rows > 0 && dataset.timeframe !== null && !isDownloading(dataset);
}

/** A dataset settles instrument and time frame too. */
function termsOf(dataset: Dataset | undefined): Partial<RunDraft> {
  if (dataset === undefined || dataset.timeframe === null) return {};
  return {
    datasetId: dataset.dataset_id,
    instrumentId: dataset.instrument_id,
    timeframe: dataset.timeframe,
  };
}
