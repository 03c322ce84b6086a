import { Link, useNavigate } from "react-router";
import { isActive, type Run, useCancelRun, useRun, useStartRun } from "@/api/queries/backtests";
import { dateTime } from "@/domain/format";
import { Button } from "@/ui/Button";
import { LIVE, Panel } from "@/ui/Panel";
import { ProblemNote } from "@/ui/ProblemNote";
import { queryState } from "@/ui/queryState";
import { Assumptions } from "./Assumptions";
import { requestFacts } from "./compare";
import { MetricTables } from "./MetricTables";
import { ReportButtons } from "./ReportButtons";
import { RunCurves } from "./RunCurves";
import { RunRefusals } from "./RunRefusals";
import { RunState } from "./RunState";
import { RunTrades } from "./RunTrades";
import { sameAgain } from "./request";

/** One run: how far it is, then everything that came of it, its assumptions beside its figures. */
export function RunResult({ runId }: { readonly runId: string }) {
  const query = useRun(runId);
  const run = query.data;
  if (run === undefined) return <Panel title="Backtest" state={queryState(query)} actions={<BackLink />} />;
  return (
    <div className="grid grid-cols-[minmax(0,2fr)_minmax(0,1fr)] items-start gap-2 max-lg:grid-cols-1">
      <RunHead run={run} />
      {run.metrics !== null && (
        <>
          <div className="flex min-w-0 flex-col gap-2">
            <RunCurves runId={runId} />
            <RunTrades runId={runId} />
            <RunRefusals runId={runId} />
          </div>
          <div className="flex min-w-0 flex-col gap-2">
            <Assumptions assumptions={run.assumptions} />
            <MetricTables metrics={run.metrics} />
          </div>
        </>
      )}
    </div>
  );
}

function BackLink() {
  return (
    <Link to="/backtest" className="text-sm whitespace-nowrap text-accent">
      All runs
    </Link>
  );
}

function RunHead({ run }: { readonly run: Run }) {
  const { strategy, instrument_id, timeframe } = sameAgain(run);
  const cancel = useCancelRun();
  const again = useStartRun();
  const go = useNavigate();
  return (
    <Panel
      title={`${strategy} on ${instrument_id}, ${timeframe}`}
      state={LIVE}
      actions={<BackLink />}
      className="col-span-full"
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 p-2.5 text-sm">
        <span className="rounded-sm border border-line px-1 text-xs font-bold">BACKTEST</span>
        <RunState run={run} />
        <span className="text-muted">asked for {dateTime(run.created_at)} UTC</span>
        <span className="ml-auto flex flex-wrap gap-1">
          {isActive(run) && (
            <Button needs="research" disabled={cancel.isPending} onClick={() => cancel.mutate(run.run_id)}>
              Cancel the run
            </Button>
          )}
          {run.state === "completed" && <ReportButtons runId={run.run_id} />}
          {!isActive(run) && (
            <Button
              needs="research"
              disabled={again.isPending}
              onClick={() =>
                again.mutate(sameAgain(run), { onSuccess: ({ run_id }) => void go(`/backtest/${run_id}`) })
              }
            >
              Run again with the same seed
            </Button>
          )}
        </span>
      </div>
      <Asked run={run} />
      <ProblemNote error={cancel.error ?? again.error} />
      {run.error !== null && <RunError error={run.error} />}
    </Panel>
  );
}

/** What the title says already. */
const TITLED: ReadonlySet<string> = new Set(["strategy", "instrument_id", "timeframe"]);

/** What was asked for, as it was sent. */
function Asked({ run }: { readonly run: Run }) {
  const facts = [...requestFacts(run.request)].filter(([name]) => !TITLED.has(name));
  return (
    <dl className="m-0 flex flex-wrap gap-x-4 gap-y-1 px-2.5 pb-2.5 text-sm">
      {facts.map(([name, value]) => (
        <div key={name} className="flex gap-1.5">
          <dt className="text-muted">{name}</dt>
          <dd className="m-0 break-all">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function RunError({ error }: { readonly error: NonNullable<Run["error"]> }) {
  return (
    <div role="alert" className="px-2.5 pb-2.5 text-sm text-danger">
      <pre className="m-0 font-sans break-words whitespace-pre-wrap">{error.detail}</pre>
      <code className="text-xs">{error.code}</code>
      {error.errors.map(({ field, message }) => (
        <div key={field}>
          {field}: {message}
        </div>
      ))}
    </div>
  );
}
