import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { useStore } from "zustand";
import type { Schemas } from "@/api/client";
import { useOlderOrders } from "@/api/queries/orders";
import type { Order } from "@/domain/orders";
import { useRows, useTrust } from "@/stream/hooks";
import { panelState } from "@/stream/panelState";
import { streamStore } from "@/stream/store";
import { Button } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { ProblemText } from "@/ui/ProblemText";
import { Filters } from "./Filters";
import { EVERYTHING, type Filter, filtered } from "./filter";
import { OrderTable } from "./OrderTable";
import { TimeLine } from "./TimeLine";
import { joinedOrders, treeOf } from "./tree";

/** All orders: the newest from the stream, older ones by pages; one of them with its whole time line. */
export function Orders() {
  const link = useStore(streamStore, (state) => state.link);
  const trust = useTrust("orders");
  const streamed = useRows<Order>("orders");
  const connections = useRows<Schemas["ConnectionAnswer"]>("connections");
  const [filter, setFilter] = useState<Filter>(EVERYTHING);
  const [wantsOlder, setWantsOlder] = useState(false);
  const older = useOlderOrders(filter.connectionId, wantsOlder);
  const [params, setParams] = useSearchParams();
  const selectedId = params.get("order");

  const orders = useMemo(
    () => joinedOrders(streamed, older.data?.pages.flatMap((page) => page.orders) ?? []),
    [streamed, older.data],
  );
  const rows = useMemo(() => filtered(treeOf(orders), filter), [orders, filter]);
  const selected = orders.find((order) => order.client_order_id === selectedId) ?? null;
  const state = panelState(link, trust, {
    isEmpty: orders.length === 0,
    title: "No orders yet",
    hint: "Write one on Trade; whatever becomes of it stands here.",
  });

  function select(id: string | null): void {
    setParams(id === null ? {} : { order: id }, { replace: true });
  }

  return (
    <div className="grid h-full min-h-96 gap-2 lg:has-[[data-time-line]]:grid-cols-[minmax(0,1fr)_26rem] max-lg:h-auto">
      <Panel title="Orders" state={state} className="max-lg:h-[70dvh]">
        <div className="flex h-full min-h-0 flex-col">
          <Filters filter={filter} onChange={setFilter} connections={connections} count={rows.length} />
          <div className="min-h-0 flex-1">
            {rows.length === 0 ? (
              <p className="p-4 text-center text-sm text-muted">No order fits. Widen the filters.</p>
            ) : (
              <OrderTable rows={rows} selectedId={selectedId} onSelect={select} />
            )}
          </div>
          <div className="flex items-center gap-2 border-t border-line p-1.5 text-xs text-muted">
            <span>Open orders and the newest 500 are live.</span>
            {older.error !== null && <ProblemText error={older.error} />}
            {(!wantsOlder || older.hasNextPage) && (
              <Button
                className="ml-auto text-xs!"
                disabled={older.isFetching}
                onClick={() => (wantsOlder ? void older.fetchNextPage() : setWantsOlder(true))}
              >
                {older.isFetching ? "Loading" : "Load older orders"}
              </Button>
            )}
            {wantsOlder && !older.hasNextPage && !older.isFetching && older.error === null && (
              <span className="ml-auto">These are all orders.</span>
            )}
          </div>
        </div>
      </Panel>
      {selectedId !== null && (
        <TimeLine clientOrderId={selectedId} order={selected} onClose={() => select(null)} />
      )}
    </div>
  );
}
