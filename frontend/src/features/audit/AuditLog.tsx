import { useState } from "react";
import { type AuditEntry, useAudit } from "@/api/queries/audit";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";
import { Stamp } from "@/ui/Stamp";
import { saveFile } from "@/ui/save-file";
import { type AuditFilter, type AuditRun, csvOf, EVERYTHING, matching, runsOf, WITH_RESULT } from "./filter";

const EMPTY = {
  title: "Nothing is noted yet",
  hint: "Sign-ins, and everything that was done about brokers, limits, real money, people and keys.",
};

/** Who did what, and who tried: newest first, never changed and never deleted. */
export function AuditLog() {
  const audit = useAudit();
  const [filter, setFilter] = useState(EVERYTHING);
  const read = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  const found = matching(read, filter);
  return (
    <div className="flex h-full min-h-0 flex-col gap-2">
      <FilterFields filter={filter} onChange={setFilter} />
      <Panel
        title="Audit log"
        state={queryState(audit, { isEmpty: read.length === 0, ...EMPTY })}
        actions={
          <>
            <Button disabled={audit.isFetching} onClick={() => void audit.refetch()}>
              Read the newest
            </Button>
            <Button
              disabled={found.length === 0}
              onClick={() => saveFile(new Blob([csvOf(found)], { type: "text/csv" }), "audit.csv")}
            >
              Save as CSV
            </Button>
          </>
        }
        className="min-h-80 flex-1"
      >
        <div className="flex h-full flex-col">
          <div className="min-h-0 flex-1">
            <DataTable
              caption="Audit log, newest first"
              columns={COLUMNS}
              rows={runsOf(found)}
              keyOf={({ audit_id }) => audit_id}
              rowLook={({ result }) => (result === "ok" ? "" : "bg-raised")}
            />
          </div>
          <div className="flex flex-wrap items-center gap-3 border-t border-line px-2.5 py-1 text-xs text-muted">
            <span role="status">
              {found.length === read.length
                ? `${read.length} entries read`
                : `${found.length} of ${read.length} entries read match`}
              {!audit.hasNextPage && ", all there are"}
            </span>
            {audit.hasNextPage && (
              <Button disabled={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
                Look further back
              </Button>
            )}
          </div>
        </div>
      </Panel>
    </div>
  );
}

const COLUMNS: readonly Column<AuditRun>[] = [
  { name: "Time UTC", cell: ({ time }) => <Stamp at={time} /> },
  { name: "Who", cell: ({ actor }) => <span className="break-words whitespace-normal">{actor}</span> },
  {
    name: "What",
    cell: ({ action, target, count }) => (
      <div className="py-1 break-words whitespace-normal">
        {action.replaceAll("_", " ")} {count > 1 && <span className="text-muted">{`\u00d7 ${count}`}</span>}
        <div className="text-xs break-all text-muted">{target}</div>
      </div>
    ),
  },
  {
    name: "Came to",
    cell: ({ result }) =>
      result === "ok" ? "ok" : <span className="text-danger">{`\u2715 ${result}`}</span>,
  },
  { name: "From", isMinor: true, cell: ({ address }) => address },
  {
    name: "Detail",
    isMinor: true,
    cell: ({ detail }) => (
      <code className="block max-w-96 text-xs break-all whitespace-normal">{detailOf(detail)}</code>
    ),
  },
];

function detailOf(detail: AuditEntry["detail"]): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}

type FilterProps = { readonly filter: AuditFilter; readonly onChange: (filter: AuditFilter) => void };

function FilterFields({ filter, onChange }: FilterProps) {
  return (
    <search className="flex flex-wrap items-end gap-2">
      <Field label="Words of who, what or from where" className="w-72 max-md:w-full">
        {({ id }) => (
          <input
            id={id}
            type="search"
            spellCheck={false}
            value={filter.words}
            onChange={(event) => onChange({ ...filter, words: event.target.value })}
            className={`border-line ${FIELD_LOOK}`}
          />
        )}
      </Field>
      <Field label="Came to" className="w-44 max-md:w-full">
        {({ id }) => (
          <select
            id={id}
            value={filter.result}
            onChange={(event) => onChange({ ...filter, result: event.target.value as AuditFilter["result"] })}
            className={`border-line ${FIELD_LOOK}`}
          >
            {WITH_RESULT.map(([result, words]) => (
              <option key={result} value={result}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
    </search>
  );
}
