import { lazy, Suspense } from "react";
import { useParams } from "react-router";
import { StrategyDetail } from "@/features/strategies/StrategyDetail";
import { StrategyList } from "@/features/strategies/StrategyList";
import { LOADING, Panel } from "@/ui/Panel";

const StrategyChart = lazy(async () => ({
  default: (await import("@/features/chart/StrategyChart")).StrategyChart,
}));

/** The list of strategies, or one of them by its id in the address. */
export default function StrategiesPage() {
  const { strategyId } = useParams();
  if (strategyId === undefined) return <StrategyList />;
  return (
    <StrategyDetail
      strategyId={strategyId}
      chart={(strategy, instrumentId) => (
        <Suspense
          fallback={<Panel title={instrumentId} state={LOADING} className="col-span-full min-h-80" />}
        >
          <StrategyChart strategy={strategy} instrumentId={instrumentId} />
        </Suspense>
      )}
    />
  );
}
