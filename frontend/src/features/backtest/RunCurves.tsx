import { useRunEquity } from "@/api/queries/backtests";
import { EquityCurves } from "@/ui/EquityCurves";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";

const EMPTY = { title: "No curve", hint: "The run met no bar." };

/** Equity at the end of every bar, and how far it lies below its highest. */
export function RunCurves({ runId }: { readonly runId: string }) {
  const equity = useRunEquity(runId);
  const points = equity.data?.points;
  return (
    <Panel
      title="Equity and drawdown"
      state={queryState(equity, { isEmpty: points?.length === 0, ...EMPTY })}
    >
      {points !== undefined && <EquityCurves points={points} />}
      {equity.data?.isWhole === false && (
        <p className="m-0 p-2 text-sm text-warn">
          The curve is longer than what is drawn here; the report has it all.
        </p>
      )}
    </Panel>
  );
}
