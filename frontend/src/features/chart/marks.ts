import type { UTCTimestamp } from "lightweight-charts";
import type { Schemas } from "@/api/client";
import { parseDecimal } from "@/domain/decimal";
import { signedMoney } from "@/domain/format";
import { timeOf } from "./candles";

type Fill = Schemas["FillAnswer"];
type Signal = Schemas["SignalAnswer"];

/** Something that happened at a time: an execution, or a signal and what became of it. */
export type Mark = {
  readonly time: UTCTimestamp;
  readonly side: "buy" | "sell" | null;
  readonly kind: "fill" | "signal" | "refused";
  readonly text: string;
};

/** Marks of the fills in one market, oldest first; `strategyId` narrows them to one strategy. */
export function fillMarks(
  fills: readonly Fill[],
  connectionId: string,
  instrumentId: string,
  strategyId: string | null = null,
): readonly Mark[] {
  return fills
    .filter((fill) => fill.connection_id === connectionId && fill.instrument_id === instrumentId)
    .filter((fill) => strategyId === null || fill.strategy_id === strategyId)
    .map((fill): Mark => ({ time: timeOf(fill.time), side: fill.side, kind: "fill", text: fillWords(fill) }))
    .sort((a, b) => a.time - b.time);
}

/** "0.02 sample-sma +1.25": how much, whose it was, and what an exit made. */
function fillWords({ quantity, strategy_id, realized_pnl }: Fill): string {
  const made = realized_pnl === null ? null : parseDecimal(realized_pnl);
  const result = made === null || made.units === 0n ? null : signedMoney(realized_pnl ?? "0", "");
  return [quantity, strategy_id, result].filter((part) => part !== null).join(" ");
}

/** Marks of the signals that came for one instrument, oldest first; refused and expired ones look different. */
export function signalMarks(signals: readonly Signal[], instrumentId: string): readonly Mark[] {
  return signals
    .filter((signal) => signal.instrument_id === instrumentId)
    .map((signal): Mark => {
      const isTaken = signal.state === "acted" || signal.state === "accepted";
      return {
        time: timeOf(signal.received_at),
        side: signal.action === "close" ? null : signal.action,
        kind: isTaken ? "signal" : "refused",
        text: isTaken ? `signal ${signal.action}` : `signal ${signal.action}: ${signal.state}`,
      };
    })
    .sort((a, b) => a.time - b.time);
}
