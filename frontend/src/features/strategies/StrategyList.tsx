import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { type Strategy, useStrategies } from "@/api/queries/strategies";
import type { Mode } from "@/domain/mode";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { ModeBadge } from "@/ui/ModeBadge";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";
import { CreateStrategy } from "./CreateStrategy";
import { StateWord } from "./StateWord";
import { StrategyActs } from "./StrategyActs";
import { useModes } from "./useModes";
import { NetWorth } from "./WorthCells";

const EMPTY = {
  title: "There is no strategy",
  hint: "Make one from a shipped class or from a file of your own.",
};

/** All strategies: what each is doing, with whose money, and what came of it. */
export function StrategyList() {
  const strategies = useStrategies();
  const modeOf = useModes();
  const [isCreating, setCreating] = useState(false);
  const rows = strategies.data ?? [];
  return (
    <>
      <Panel
        title="Strategies"
        state={queryState(strategies, { isEmpty: rows.length === 0, ...EMPTY })}
        actions={
          <Button look="accent" needs="strategies" onClick={() => setCreating(true)}>
            New strategy
          </Button>
        }
        className="min-h-40"
      >
        <DataTable
          caption="Strategies"
          columns={columnsOf(modeOf)}
          rows={rows}
          keyOf={(strategy) => strategy.strategy_id}
          beneath={faultOf}
        />
      </Panel>
      {isCreating && <CreateStrategy onClose={() => setCreating(false)} />}
    </>
  );
}

function columnsOf(modeOf: (strategy: Strategy) => Mode | null): readonly Column<Strategy>[] {
  return [
    {
      name: "Strategy",
      cell: (strategy) => (
        <>
          <Link to={`/strategies/${strategy.strategy_id}`} className="font-medium text-accent">
            {strategy.strategy_id}
          </Link>{" "}
          <Where mode={modeOf(strategy)} />
          <div className="text-xs text-muted">{strategy.class}</div>
        </>
      ),
    },
    { name: "State", cell: (strategy) => <StateWord strategy={strategy} /> },
    {
      name: "Trades at",
      isMinor: true,
      cell: (strategy) => (
        <>
          {strategy.connection_id}
          <div className="text-xs text-muted">
            {strategy.instrument_ids.join(", ")}, {strategy.timeframe}
          </div>
        </>
      ),
    },
    {
      name: "PnL after fees",
      isNumber: true,
      cell: (strategy) => <NetWorth performance={strategy.performance} />,
    },
    {
      name: "Open orders",
      isNumber: true,
      isMinor: true,
      cell: (strategy) => strategy.performance.open_orders,
    },
    { name: "Positions", isNumber: true, isMinor: true, cell: (strategy) => strategy.positions.length },
    {
      name: "Do",
      isMinor: true,
      cell: (strategy) => <StrategyActs strategy={strategy} mode={modeOf(strategy)} />,
    },
  ];
}

/** The mode that a strategy trades in, or that nobody knows it now. */
export function Where({ mode }: { readonly mode: Mode | null }) {
  return mode === null ? <span className="text-xs text-warn">mode unknown</span> : <ModeBadge mode={mode} />;
}

/** Why a strategy ended by itself and what it left behind; null for one that did not. */
function faultOf(strategy: Strategy): ReactNode {
  if (strategy.state !== "faulted") return null;
  const left = strategy.positions.map(
    ({ side, quantity, instrument_id }) => `${side} ${quantity} ${instrument_id}`,
  );
  return (
    <div className="text-sm whitespace-normal">
      <span className="text-danger">Faulted: {strategy.reason ?? "no reason was stored"}.</span>{" "}
      {left.length > 0 && <span className="text-warn">It left open: {left.join("; ")}.</span>}
    </div>
  );
}
