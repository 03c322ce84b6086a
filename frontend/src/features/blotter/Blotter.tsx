import { Tabs } from "radix-ui";
import { type ReactNode, useMemo, useState } from "react";
import { useStore } from "zustand";
import type { Schemas } from "@/api/client";
import { useRows, useTrust } from "@/stream/hooks";
import { panelState } from "@/stream/panelState";
import { streamStore } from "@/stream/store";
import { Panel } from "@/ui/Panel";
import { CancelAll } from "./CancelAll";
import { Fills } from "./Fills";
import { MarketDialogs } from "./MarketDialogs";
import { OpenOrders } from "./OpenOrders";
import { Positions } from "./Positions";
import { type Market, ofMarket, openOrdersOf, openPositionsOf } from "./rows";

type Props = {
  /** The market on screen: the lists can be narrowed to it. */
  readonly market: Market | null;
  readonly className?: string;
};

/** What is open and what was done: positions, orders, fills. */
export function Blotter({ market, className = "" }: Props) {
  const [isNarrow, setNarrow] = useState(false);
  const scope = isNarrow ? market : null;
  const positions = useRows<Schemas["PositionAnswer"]>("positions");
  const orders = useRows<Schemas["OrderAnswer"]>("orders");
  const fills = useRows<Schemas["FillAnswer"]>("fills");
  const shown = useMemo(
    () => ({
      positions: openPositionsOf(ofMarket(positions, scope)),
      orders: openOrdersOf(ofMarket(orders, scope)),
      fills: ofMarket(fills, scope),
    }),
    [positions, orders, fills, scope],
  );
  const [tab, setTab] = useState("positions");

  return (
    <Tabs.Root value={tab} onValueChange={setTab} className={`flex min-h-0 min-w-0 flex-col ${className}`}>
      <div className="flex items-center gap-1">
        <Tabs.List aria-label="Blotter" className="flex">
          <Tab name="positions" label="Positions" count={shown.positions.length} />
          <Tab name="orders" label="Open orders" count={shown.orders.length} />
          <Tab name="fills" label="Fills" count={shown.fills.length} />
        </Tabs.List>
        <div className="ml-auto flex items-center gap-3">
          {market !== null && (
            <label className="flex items-center gap-1.5 text-xs text-muted max-md:min-h-11">
              <input
                type="checkbox"
                checked={isNarrow}
                onChange={(event) => setNarrow(event.target.checked)}
              />
              <span className="max-sm:hidden">{market.instrumentId} only</span>
              <span className="sm:hidden">this only</span>
            </label>
          )}
          {tab === "orders" && (
            <CancelAll
              count={shown.orders.length}
              scope={
                scope === null ? {} : { connection_id: scope.connectionId, instrument_id: scope.instrumentId }
              }
              scopeWords={scope === null ? "everywhere" : `of ${scope.instrumentId} at ${scope.connectionId}`}
            />
          )}
        </div>
      </div>
      <List
        name="positions"
        title="Positions"
        channel="positions"
        isEmpty={shown.positions.length === 0}
        hint="Orders that fill make them."
      >
        <Positions positions={shown.positions} />
      </List>
      <List
        name="orders"
        title="Open orders"
        channel="orders"
        isEmpty={shown.orders.length === 0}
        hint="Working orders stand here until they end."
      >
        <OpenOrders orders={shown.orders} />
      </List>
      <List
        name="fills"
        title="Fills"
        channel="fills"
        isEmpty={shown.fills.length === 0}
        hint="Executions stand here, newest first."
      >
        <Fills fills={shown.fills} />
      </List>
      {market !== null && <MarketDialogs market={market} orders={orders} positions={positions} />}
    </Tabs.Root>
  );
}

type TabProps = { readonly name: string; readonly label: string; readonly count: number };

function Tab({ name, label, count }: TabProps) {
  return (
    <Tabs.Trigger
      value={name}
      className="min-h-8 cursor-pointer border-0 border-b-2 border-transparent bg-transparent px-2.5 text-sm text-muted data-[state=active]:border-accent data-[state=active]:font-semibold data-[state=active]:text-ink max-md:min-h-11"
    >
      {label} <span className="num text-xs">{count}</span>
    </Tabs.Trigger>
  );
}

/** The tab says it already; the head comes back when it has something to add. */
const HEADLESS = "[&>header]:sr-only";

type ListProps = {
  readonly name: string;
  readonly title: string;
  readonly channel: string;
  readonly isEmpty: boolean;
  readonly hint: string;
  readonly children: ReactNode;
};

function List({ name, title, channel, isEmpty, hint, children }: ListProps) {
  const link = useStore(streamStore, (state) => state.link);
  const trust = useTrust(channel);
  const state = panelState(link, trust, { isEmpty, title: `No ${title.toLowerCase()}`, hint });
  return (
    <Tabs.Content
      value={name}
      className="min-h-0 flex-1 data-[state=active]:flex data-[state=active]:flex-col [&_td]:px-1.5 [&_th]:px-1.5"
    >
      <Panel title={title} state={state} className={`flex-1 ${state.kind === "live" ? HEADLESS : ""}`}>
        {children}
      </Panel>
    </Tabs.Content>
  );
}
