import { Fragment, type ReactNode } from "react";
import { Link } from "react-router";
import { type Strategy, useStrategies } from "@/api/queries/strategies";
import { dateTime } from "@/domain/format";
import { LIVE, Panel, type PanelState } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";
import { StateWord } from "./StateWord";
import { StrategyActs } from "./StrategyActs";
import { Where } from "./StrategyList";
import { StrategyLog } from "./StrategyLog";
import { StrategyPositions } from "./StrategyPositions";
import { StrategySignals } from "./StrategySignals";
import { useModes } from "./useModes";
import { WorthTable } from "./WorthCells";

/** The class whose instances trade what is posted to them. */
const SIGNAL_CLASS = "SignalStrategy";

type Props = {
  readonly strategyId: string;
  /** Draws what a strategy did in one instrument. */
  readonly chart: (strategy: Strategy, instrumentId: string) => ReactNode;
};

/** One strategy: what it is, what it does, what came of it. */
export function StrategyDetail({ strategyId, chart }: Props) {
  const strategies = useStrategies();
  const strategy = strategies.data?.find((each) => each.strategy_id === strategyId);
  const state = queryState(strategies, {
    isEmpty: strategy === undefined,
    title: `There is no strategy ${strategyId}`,
    hint: "The list of strategies has those that exist.",
  });
  if (strategy === undefined) return <Panel title={strategyId} state={state} actions={<BackLink />} />;
  return (
    <div className="grid grid-cols-2 items-start gap-2 max-lg:grid-cols-1">
      <Summary strategy={strategy} state={state} />
      <Panel title="Performance" state={state}>
        <Counts strategy={strategy} />
        <WorthTable performance={strategy.performance} />
      </Panel>
      <Panel title="Parameters" state={LIVE}>
        <Parameters strategy={strategy} />
      </Panel>
      <StrategyPositions strategy={strategy} state={state} />
      {strategy.instrument_ids.map((instrumentId) => (
        <Fragment key={instrumentId}>{chart(strategy, instrumentId)}</Fragment>
      ))}
      {strategy.class === SIGNAL_CLASS && <StrategySignals strategy={strategy} />}
      <StrategyLog key={strategyId} strategyId={strategyId} />
    </div>
  );
}

function BackLink() {
  return (
    <Link to="/strategies" className="text-sm whitespace-nowrap text-accent">
      All strategies
    </Link>
  );
}

function Summary({ strategy, state }: { readonly strategy: Strategy; readonly state: PanelState }) {
  const mode = useModes()(strategy);
  const isLeft = strategy.state === "faulted" && strategy.positions.length > 0;
  return (
    <Panel title={strategy.strategy_id} state={state} actions={<BackLink />} className="col-span-full">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 p-2.5 text-sm">
        <Where mode={mode} />
        <StateWord strategy={strategy} />
        <span>
          {strategy.class} on {strategy.instrument_ids.join(", ")}, {strategy.timeframe}, at{" "}
          {strategy.connection_id} {strategy.account_id}
        </span>
        <span className="text-muted">
          {strategy.started_at === null
            ? `made ${dateTime(strategy.created_at)} UTC`
            : `started ${dateTime(strategy.started_at)} UTC`}
        </span>
        <span className="ml-auto">
          <StrategyActs strategy={strategy} mode={mode} />
        </span>
      </div>
      {strategy.state === "faulted" && (
        <p className="mx-2.5 mt-0 mb-2.5 text-sm text-danger">
          Faulted: {strategy.reason ?? "no reason was stored"}. The traceback is in the log.
          {isLeft && " Its positions below are still open, and nobody looks after them."}
        </p>
      )}
    </Panel>
  );
}

function Counts({ strategy }: { readonly strategy: Strategy }) {
  const { orders, open_orders, fills, trades, winning_trades } = strategy.performance;
  const facts: readonly (readonly [string, string | number])[] = [
    ["Orders", orders],
    ["open", open_orders],
    ["Fills", fills],
    ["Closed trades", trades],
    ["won", winning_trades],
  ];
  return (
    <dl className="m-0 flex flex-wrap gap-x-5 gap-y-1 p-2.5 text-sm">
      {facts.map(([name, value]) => (
        <div key={name} className="flex gap-1.5">
          <dt className="text-muted">{name}</dt>
          <dd className="num m-0 font-semibold">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Parameters({ strategy }: { readonly strategy: Strategy }) {
  const entries = Object.entries(strategy.parameters);
  if (entries.length === 0) return <p className="m-0 p-2.5 text-sm text-muted">It has no parameters.</p>;
  return (
    <dl className="m-0 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 p-2.5 text-sm">
      {entries.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="num m-0">{String(value)}</dd>
        </div>
      ))}
      <dt className="text-muted">open orders when it stops</dt>
      <dd className="num m-0">{strategy.on_stop === "keep" ? "kept" : "canceled"}</dd>
    </dl>
  );
}
