import { useCallback, useState } from "react";
import type { Schemas } from "@/api/client";
import { TIMEFRAMES, type Timeframe } from "@/api/queries/bars";
import { type Instrument, useInstrument } from "@/api/queries/instruments";
import { useUi } from "@/app/ui-state";
import { productOf } from "@/domain/products";
import { Blotter } from "@/features/blotter/Blotter";
import { MoveOrder } from "@/features/blotter/MoveOrder";
import { FundingCountdown } from "@/features/chart/FundingCountdown";
import { PriceChart } from "@/features/chart/PriceChart";
import { DepthLadder } from "@/features/depth/DepthLadder";
import { Tape } from "@/features/depth/Tape";
import { useOneClick } from "@/features/ticket/oneClick";
import { marketKey, pickPrice } from "@/features/ticket/store";
import { Ticket } from "@/features/ticket/Ticket";
import { TicketSheet } from "@/features/ticket/TicketSheet";
import type { Market } from "@/features/watchlist/market";
import { Watchlist } from "@/features/watchlist/Watchlist";
import { useRow, useSubscription } from "@/stream/hooks";
import { LIVE, LOADING, Panel, type PanelState } from "@/ui/Panel";
import { useIsPhone } from "@/ui/useIsPhone";

const NOTHING: PanelState = {
  kind: "empty",
  title: "No instrument is chosen",
  hint: "Search for one on the left, or choose one of the watchlist.",
};

/** Watchlist, chart, book, tape, ticket and lists of one market. */
export default function TradePage() {
  const market = useUi((ui) => ui.market);
  // Before the market's own channels: a broker that is slow with those must not keep the user's orders waiting.
  useSubscription("orders");
  useSubscription("positions");
  return (
    <div className="grid h-full min-h-[36rem] grid-cols-[13.5rem_minmax(0,1fr)] gap-2 max-md:flex max-md:h-auto max-md:flex-col">
      <Watchlist />
      {market === null ? <Panel title="Market" state={NOTHING} /> : <MarketView market={market} />}
    </div>
  );
}

function MarketView({ market }: { readonly market: Market }) {
  const isPhone = useIsPhone();
  const { data: instrument, error } = useInstrument(market.connectionId, market.instrumentId);
  if (instrument === undefined) return <Panel title={market.instrumentId} state={stateOf(error)} />;
  if (instrument === null) {
    const reason = `${market.connectionId} does not know ${market.instrumentId}`;
    return <Panel title={market.instrumentId} state={{ kind: "denied", reason }} />;
  }
  return (
    <>
      <Columns connectionId={market.connectionId} instrument={instrument} isPhone={isPhone} />
      {isPhone && <TicketSheet connectionId={market.connectionId} instrument={instrument} />}
    </>
  );
}

function stateOf(error: Error | null): PanelState {
  return error === null ? LOADING : { kind: "denied", reason: error.message };
}

type ColumnsProps = {
  readonly connectionId: string;
  readonly instrument: Instrument;
  /** The ticket has a place of its own then. */
  readonly isPhone: boolean;
};

function Columns({ connectionId, instrument, isPhone }: ColumnsProps) {
  const { timeframe, set } = useUi();
  const connection = useRow<Schemas["ConnectionAnswer"]>("connections", connectionId);
  const product = productOf(connection, instrument);
  const offered = TIMEFRAMES.filter((each) => product === null || product.timeframes.includes(each));
  const key = marketKey(connectionId, instrument.instrument_id);
  const isArmed = useOneClick(({ arming }) => arming?.market === key);
  const shown = offered.includes(timeframe as Timeframe) ? (timeframe as Timeframe) : (offered[0] ?? "1m");
  return (
    <div className={AREAS}>
      <Panel
        title={`${instrument.instrument_id} at ${connectionId}`}
        state={LIVE}
        className="[grid-area:chart] max-xl:min-h-96"
      >
        <div className="flex h-full flex-col">
          <div className="flex flex-wrap items-center justify-between gap-x-3 px-2">
            <Timeframes offered={offered} shown={shown} onChoose={(timeframe) => set({ timeframe })} />
            {product?.funding === true && (
              <FundingCountdown connectionId={connectionId} instrumentId={instrument.instrument_id} />
            )}
          </div>
          <div className="min-h-0 flex-1">
            <MovableChart connectionId={connectionId} instrument={instrument} timeframe={shown} />
          </div>
        </div>
      </Panel>
      <div className="grid min-h-0 gap-2 [grid-area:book] max-xl:h-80 max-xl:grid-cols-2 xl:grid-rows-[3fr_2fr]">
        {product?.depth_levels === 0 ? (
          <Panel
            title="Depth"
            state={{ kind: "denied", reason: product.unsupported.depth ?? "the broker shows no book" }}
          />
        ) : (
          <DepthLadder
            connectionId={connectionId}
            instrument={instrument}
            isArmed={isArmed}
            onPrice={(price) => pickPrice(key, price)}
          />
        )}
        <Tape connectionId={connectionId} instrument={instrument} />
      </div>
      {!isPhone && (
        <Ticket connectionId={connectionId} instrument={instrument} className="[grid-area:ticket]" />
      )}
      <Blotter
        market={{ connectionId, instrumentId: instrument.instrument_id }}
        className="[grid-area:blotter] max-xl:min-h-72"
      />
    </div>
  );
}

type ChartProps = Pick<ColumnsProps, "connectionId" | "instrument"> & { readonly timeframe: Timeframe };

/** The chart, with the question that a moved line asks. */
function MovableChart(props: ChartProps) {
  const [moved, setMoved] = useState<{ readonly orderId: string; readonly price: string } | null>(null);
  const onMove = useCallback((orderId: string, price: string) => setMoved({ orderId, price }), []);
  return (
    <>
      <PriceChart {...props} onMove={onMove} />
      {moved !== null && <MoveOrder {...moved} onEnd={() => setMoved(null)} />}
    </>
  );
}

/** Three columns with the lists beneath chart and book; on narrow screens the ticket follows the chart. */
const AREAS = [
  "grid min-h-0 gap-2",
  "[grid-template-areas:'chart'_'ticket'_'blotter'_'book'] max-lg:grid-cols-[minmax(0,1fr)]",
  "max-md:[grid-template-areas:'chart'_'book'_'blotter']",
  "lg:max-xl:grid-cols-[minmax(0,1fr)_18rem] lg:max-xl:[grid-template-areas:'chart_ticket'_'blotter_ticket'_'book_ticket']",
  "xl:grid-cols-[minmax(0,1fr)_14rem_18rem] xl:grid-rows-[minmax(0,1fr)_15rem]",
  "xl:[grid-template-areas:'chart_book_ticket'_'blotter_blotter_ticket']",
].join(" ");

type TimeframesProps = {
  readonly offered: readonly Timeframe[];
  readonly shown: Timeframe;
  readonly onChoose: (timeframe: Timeframe) => void;
};

function Timeframes({ offered, shown, onChoose }: TimeframesProps) {
  return (
    <div role="radiogroup" aria-label="Time frame" className="flex">
      {offered.map((each) => (
        <label
          key={each}
          className={`cursor-pointer rounded-sm px-1.5 py-1 text-xs max-md:min-h-11 max-md:content-center max-md:px-2 has-focus-visible:outline-2 ${each === shown ? "bg-raised font-semibold" : "text-muted"}`}
        >
          <input
            type="radio"
            name="timeframe"
            checked={each === shown}
            onChange={() => onChoose(each)}
            className="sr-only"
          />
          {each}
        </label>
      ))}
    </div>
  );
}
