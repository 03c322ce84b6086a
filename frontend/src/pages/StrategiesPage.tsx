import { useParams } from "react-router";
import { StrategyDetail } from "@/features/strategies/StrategyDetail";
import { StrategyList } from "@/features/strategies/StrategyList";

/** The list of strategies, or one of them by its id in the address. */
export default function StrategiesPage() {
  const { strategyId } = useParams();
  return strategyId === undefined ? <StrategyList /> : <StrategyDetail strategyId={strategyId} />;
}
