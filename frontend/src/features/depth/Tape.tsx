import { useStore } from "zustand";
import type { Instrument } from "@/api/queries/instruments";
import { price, quantity, timeOfDay } from "@/domain/format";
import { useRows, useTrust } from "@/stream/hooks";
import { panelState } from "@/stream/panelState";
import { tradesChannel } from "@/stream/protocol";
import { streamStore } from "@/stream/store";
import { Panel } from "@/ui/Panel";

type Trade = {
  readonly trade_id: string;
  readonly price: string;
  readonly quantity: string;
  readonly side: "buy" | "sell" | null;
  readonly time: string;
};

const ROWS = 40;

/** What others trade, newest first. */
export function Tape({
  connectionId,
  instrument,
}: {
  readonly connectionId: string;
  readonly instrument: Instrument;
}) {
  const channel = tradesChannel(connectionId, instrument.instrument_id);
  const link = useStore(streamStore, (state) => state.link);
  const trust = useTrust(channel);
  const trades = useRows<Trade>(channel);
  const state = panelState(link, trust, {
    isEmpty: trades.length === 0,
    title: "No trades yet",
    hint: "They appear here as the broker tells them.",
  });
  return (
    <Panel title="Trades" state={state}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for inputs */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard */}
      <div role="group" aria-label="Newest trades" tabIndex={0} className="h-full overflow-auto">
        <table className="w-full border-collapse font-mono text-sm">
          <thead className="text-xs text-muted">
            <tr>
              <th scope="col" className="px-2 text-left font-normal max-md:hidden">
                UTC
              </th>
              <th scope="col" className="num px-2 font-normal">
                Price
              </th>
              <th scope="col" className="num px-2 font-normal">
                Size
              </th>
            </tr>
          </thead>
          <tbody>
            {trades.slice(0, ROWS).map((trade, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows stay and their words move, which costs a tenth of new rows
              <tr key={row}>
                <td className="px-2 text-muted max-md:hidden">{timeOfDay(trade.time)}</td>
                <td className={`num px-2 ${trade.side === "sell" ? "text-down" : "text-up"}`}>
                  <span aria-hidden="true">{trade.side === "sell" ? "\u2193" : "\u2191"}</span>
                  <span className="sr-only">{trade.side ?? "side unknown"} </span>{" "}
                  {price(trade.price, instrument.tick_size)}
                </td>
                <td className="num px-2">{quantity(trade.quantity, instrument.lot_step)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
