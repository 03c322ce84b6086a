import { useState } from "react";
import type { Schemas } from "@/api/client";
import type { Order } from "@/domain/orders";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { CancelAllDialog } from "./CancelAll";
import { CancelNewest } from "./CancelNewest";
import { Flatten } from "./ClosePosition";
import { type Market, newestOf, ofMarket, openOrdersOf, openPositionsOf } from "./rows";
import { type MarketAsk, useMarketKeys } from "./useMarketKeys";

type Position = Schemas["PositionAnswer"];

/** What was asked, about the orders and positions as they stood then: nothing changes under an open dialog. */
type Asked = {
  readonly ask: MarketAsk;
  readonly market: Market;
  readonly orders: readonly Order[];
  readonly positions: readonly Position[];
};

type Props = Omit<Asked, "ask">;

/** What C, Shift+C and F ask about the market on screen; nothing is done before the answer. */
export function MarketDialogs({ market, orders, positions }: Props) {
  const [asked, setAsked] = useState<Asked | null>(null);
  useMarketKeys((ask) =>
    setAsked({
      ask,
      market,
      orders: openOrdersOf(ofMarket(orders, market)),
      positions: openPositionsOf(ofMarket(positions, market)),
    }),
  );
  return asked === null ? null : <Question {...asked} onEnd={() => setAsked(null)} />;
}

function Question({ ask, market, orders, positions, onEnd }: Asked & { readonly onEnd: () => void }) {
  const { connectionId, instrumentId } = market;
  const newest = newestOf(orders);
  if (ask === "flatten")
    return positions.length === 0 ? (
      <Nothing title={`Nothing is held in ${instrumentId}`} onEnd={onEnd} />
    ) : (
      <Flatten {...market} positions={positions} onEnd={onEnd} />
    );
  if (newest === null) return <Nothing title={`No order works in ${instrumentId}`} onEnd={onEnd} />;
  if (ask === "cancel newest") return <CancelNewest order={newest} onEnd={onEnd} />;
  return (
    <CancelAllDialog
      count={orders.length}
      scope={{ connection_id: connectionId, instrument_id: instrumentId }}
      scopeWords={`of ${instrumentId} at ${connectionId}`}
      onEnd={onEnd}
    />
  );
}

function Nothing({ title, onEnd }: { readonly title: string; readonly onEnd: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onEnd()}
      title={title}
      description="There is nothing to ask about."
    >
      <div className="flex justify-end">
        <Button onClick={onEnd}>Close</Button>
      </div>
    </Dialog>
  );
}
