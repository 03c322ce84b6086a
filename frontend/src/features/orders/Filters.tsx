import type { Schemas } from "@/api/client";
import type { Filter, StatusFilter } from "./filter";

const STATUSES: Readonly<Record<StatusFilter, string>> = {
  all: "any status",
  open: "open",
  filled: "filled",
  ended: "canceled or expired",
  refused: "denied or rejected",
  unknown: "outcome unknown",
};

const LOOK = "min-h-8 rounded-sm border border-line bg-raised px-2 text-sm text-ink max-md:min-h-11";

type Props = {
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
  readonly connections: readonly Schemas["ConnectionAnswer"][];
  readonly count: number;
};

export function Filters({ filter, onChange, connections, count }: Props) {
  return (
    <search className="flex flex-wrap items-center gap-2 border-b border-line p-1.5">
      <select
        aria-label="Broker"
        value={filter.connectionId ?? ""}
        onChange={(event) => onChange({ ...filter, connectionId: event.target.value || null })}
        className={LOOK}
      >
        <option value="">every broker</option>
        {connections.map(({ connection_id }) => (
          <option key={connection_id} value={connection_id}>
            {connection_id}
          </option>
        ))}
      </select>
      <select
        aria-label="Status"
        value={filter.status}
        onChange={(event) => onChange({ ...filter, status: event.target.value as StatusFilter })}
        className={LOOK}
      >
        {Object.entries(STATUSES).map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
      <input
        type="search"
        aria-label="Search orders"
        placeholder="Instrument, id, strategy, words"
        value={filter.text}
        onChange={(event) => onChange({ ...filter, text: event.target.value })}
        className={`${LOOK} min-w-40 flex-1`}
      />
      <span role="status" className="num text-xs text-muted">
        {count} shown
      </span>
    </search>
  );
}
