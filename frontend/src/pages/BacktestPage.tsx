import { useParams, useSearchParams } from "react-router";
import { CompareRuns } from "@/features/backtest/CompareRuns";
import { DatasetList } from "@/features/backtest/DatasetList";
import { RunForm } from "@/features/backtest/RunForm";
import { RunList } from "@/features/backtest/RunList";
import { RunResult } from "@/features/backtest/RunResult";

/** Form, runs and datasets; or one run, or several side by side, as the address says. */
export default function BacktestPage() {
  const { runId } = useParams();
  const [search] = useSearchParams();
  if (runId === "compare")
    return <CompareRuns runIds={(search.get("runs") ?? "").split(",").filter((id) => id !== "")} />;
  if (runId !== undefined) return <RunResult key={runId} runId={runId} />;
  return (
    <div className="grid grid-cols-[minmax(22rem,1fr)_minmax(0,2fr)] items-start gap-2 max-lg:grid-cols-1">
      <RunForm />
      <div className="flex min-w-0 flex-col gap-2">
        <RunList />
        <DatasetList />
      </div>
    </div>
  );
}
