import { useState } from "react";
import { Link } from "react-router";
import { isActive, type Run, useCancelRun, useRuns } from "@/api/queries/backtests";
import { dateTime } from "@/domain/format";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { ProblemNote } from "@/ui/ProblemNote";
import { queryState } from "@/ui/queryState";
import { METRICS, metricWords } from "./metrics";
import { RunState } from "./RunState";
import { sameAgain } from "./request";

const EMPTY = { title: "Nothing was run yet", hint: "Fill in the form; a run and its progress stand here." };

/** Runs, newest first: progress, the main figures, and which to compare. */
export function RunList() {
  const runs = useRuns();
  const cancel = useCancelRun();
  const [picked, setPicked] = useState<readonly string[]>([]);
  const rows = runs.data ?? [];
  const shown = picked.filter((runId) => rows.some(({ run_id }) => run_id === runId));

  function pick(runId: string): void {
    setPicked(picked.includes(runId) ? picked.filter((each) => each !== runId) : [...picked, runId]);
  }

  return (
    <Panel
      title="Runs"
      state={queryState(runs, { isEmpty: rows.length === 0, ...EMPTY })}
      actions={
        shown.length >= 2 ? (
          <Link to={`/backtest/compare?runs=${shown.join(",")}`} className="text-sm text-accent">
            Compare {shown.length} runs
          </Link>
        ) : (
          <span className="text-xs text-muted">pick two to compare</span>
        )
      }
      className="max-h-[34rem] min-h-40"
    >
      <ProblemNote error={cancel.error} />
      <DataTable
        caption="Runs"
        columns={columnsOf({ picked: shown, onPick: pick, onCancel: cancel.mutate })}
        rows={rows}
        keyOf={({ run_id }) => run_id}
      />
    </Panel>
  );
}

type Acts = {
  readonly picked: readonly string[];
  readonly onPick: (runId: string) => void;
  readonly onCancel: (runId: string) => void;
};

function columnsOf({ picked, onPick, onCancel }: Acts): readonly Column<Run>[] {
  return [
    {
      name: "Pick",
      cell: (run) => (
        <input
          type="checkbox"
          className="size-5"
          disabled={run.state !== "completed"}
          aria-label={`Compare the run of ${dateTime(run.created_at)}`}
          checked={picked.includes(run.run_id)}
          onChange={() => onPick(run.run_id)}
        />
      ),
    },
    {
      name: "Run",
      cell: (run) => (
        <>
          <Link to={`/backtest/${run.run_id}`} className="font-medium text-accent">
            {sameAgain(run).strategy}
          </Link>{" "}
          <span className="max-md:block max-md:text-xs">
            {sameAgain(run).instrument_id}, {sameAgain(run).timeframe}
          </span>
          <div className="text-xs text-muted">{dateTime(run.created_at)} UTC</div>
        </>
      ),
    },
    { name: "State", cell: (run) => <RunState run={run} /> },
    { name: "Return", isNumber: true, cell: (run) => figure(run, "total_return") },
    { name: "Drawdown", isNumber: true, isMinor: true, cell: (run) => figure(run, "max_drawdown") },
    { name: "Sharpe", isNumber: true, isMinor: true, cell: (run) => figure(run, "sharpe") },
    { name: "Trades", isNumber: true, isMinor: true, cell: (run) => figure(run, "trades") },
    {
      name: "Do",
      cell: (run) =>
        isActive(run) && (
          <Button
            needs="research"
            aria-label={`Cancel the run of ${dateTime(run.created_at)}`}
            onClick={() => onCancel(run.run_id)}
          >
            Cancel
          </Button>
        ),
    },
  ];
}

function figure(run: Run, name: string): string {
  const metric = METRICS.find((each) => each.name === name);
  return metric === undefined ? "" : metricWords(metric, run.metrics?.[name]);
}
