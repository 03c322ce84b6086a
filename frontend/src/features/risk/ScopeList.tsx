import { useState } from "react";
import type { Schemas } from "@/api/client";
import { useResume, useRisk } from "@/api/queries/risk";
import { dateTime } from "@/domain/format";
import { useRows } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { ProblemNote } from "@/ui/ProblemNote";
import { queryState } from "@/ui/queryState";
import { HaltDialog } from "./HaltDialog";
import { LimitsEditor } from "./LimitsEditor";
import { LIMITS, limitWords } from "./limits";
import { StateBadge } from "./StateBadge";
import { limitsOfScope, type ScopeRow, scopeRows } from "./scopes";

/** State and limits of every scope, with what can be done about them. */
export function ScopeList() {
  const risk = useRisk();
  const connections = useRows<Schemas["ConnectionAnswer"]>("connections");
  const strategies = useRows<Schemas["StrategyAnswer"]>("strategies");
  const [halting, setHalting] = useState<string | null>(null);
  const [editing, setEditing] = useState<string | null>(null);
  const rows = scopeRows(
    risk.data?.scopes ?? [],
    connections,
    strategies.map((each) => each.strategy_id),
  );
  const edited = rows.find((row) => row.scope === editing);
  return (
    <Panel title="States and limits" state={queryState(risk)}>
      <p className="m-0 px-2.5 pt-2 text-sm text-muted">
        Of all scopes that cover an order the strictest state and the strictest limit hold.
      </p>
      <ul className="m-0 list-none p-0">
        {rows.map((row) => (
          <ScopeLine
            key={row.scope}
            row={row}
            onHalt={() => setHalting(row.scope)}
            onEdit={() => setEditing(row.scope)}
          />
        ))}
      </ul>
      {halting !== null && <HaltDialog scope={halting} onClose={() => setHalting(null)} />}
      {edited !== undefined && <LimitsEditor row={edited} onClose={() => setEditing(null)} />}
    </Panel>
  );
}

type LineProps = { readonly row: ScopeRow; readonly onHalt: () => void; readonly onEdit: () => void };

function ScopeLine({ row, onHalt, onEdit }: LineProps) {
  const resume = useResume();
  const state = row.set?.state ?? "active";
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-1 border-b border-line px-2.5 py-2 text-sm">
      <div className="min-w-0 flex-1 basis-64">
        <div className="flex flex-wrap items-center gap-x-3">
          <span className="font-medium break-all">{row.words}</span>
          <StateBadge state={state} />
        </div>
        <div className="text-xs break-words text-muted">{limitsLine(row)}</div>
        {row.set?.changed_at != null && (
          <div className="text-xs break-words text-muted">
            Changed {dateTime(row.set.changed_at)} UTC by {row.set.actor}
            {row.set.reason !== null && `: ${row.set.reason}`}
          </div>
        )}
        <ProblemNote error={resume.error} />
      </div>
      <div className="flex gap-1">
        <Button needs="admin" aria-label={`Limits of ${row.words}`} onClick={onEdit}>
          Limits
        </Button>
        {state !== "active" && (
          <Button
            needs="admin"
            aria-label={`Resume ${row.words}`}
            disabled={resume.isPending}
            onClick={() => resume.mutate(row.scope)}
          >
            Resume
          </Button>
        )}
        {state !== "halted" && (
          <Button needs="trade" aria-label={`Halt ${row.words}`} onClick={onHalt}>
            Halt
          </Button>
        )}
      </div>
    </li>
  );
}

function limitsLine(row: ScopeRow): string {
  const limits = limitsOfScope(row);
  const words = LIMITS.flatMap((terms) => {
    const text = limitWords(terms, limits[terms.name], "");
    return text === null ? [] : [`${terms.word} ${text}`];
  });
  return words.length === 0 ? "No limits of its own" : words.join(" \u00b7 ");
}
