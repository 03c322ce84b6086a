import { useMemo } from "react";
import { useInstrument } from "@/api/queries/instruments";
import { type Strategy, useSignals } from "@/api/queries/strategies";
import { LIVE, LOADING, Panel, type PanelState } from "@/ui/Panel";
import { signalMarks } from "./marks";
import { PriceChart } from "./PriceChart";

type Props = { readonly strategy: Strategy; readonly instrumentId: string };

/** What a strategy did in one instrument, over its candles: its fills, and the signals that came for it. */
export function StrategyChart({ strategy, instrumentId }: Props) {
  const { strategy_id, connection_id, timeframe } = strategy;
  const { data: instrument, error } = useInstrument(connection_id, instrumentId);
  const { data: told } = useSignals(strategy_id);
  const signals = useMemo(() => signalMarks(told ?? [], instrumentId), [told, instrumentId]);
  return (
    <Panel
      title={`${instrumentId}, ${timeframe}`}
      state={stateOf(instrument, error)}
      className="col-span-full min-h-80"
    >
      {instrument != null && (
        <div className="h-80">
          <PriceChart
            connectionId={connection_id}
            instrument={instrument}
            timeframe={timeframe}
            strategyId={strategy_id}
            signals={signals}
          />
        </div>
      )}
    </Panel>
  );
}

function stateOf(instrument: unknown, error: Error | null): PanelState {
  if (error !== null) return { kind: "denied", reason: error.message };
  if (instrument === undefined) return LOADING;
  return instrument === null ? { kind: "denied", reason: "the connection does not know it" } : LIVE;
}
