import { useEffect, useEffectEvent } from "react";
import { isFreeSingleKey } from "@/app/single-keys";

/** What a key asks about the market on screen; each opens a dialog and acts on nothing by itself. */
export type MarketAsk = "cancel newest" | "cancel all" | "flatten";

const ASKS: Readonly<Record<string, MarketAsk>> = { c: "cancel newest", C: "cancel all", f: "flatten" };

/** Calls `onAsk` for C, Shift+C and F, where single keys are free and switched on. */
export function useMarketKeys(onAsk: (ask: MarketAsk) => void): void {
  const take = useEffectEvent((event: KeyboardEvent) => {
    const ask = ASKS[event.key];
    if (ask === undefined || !isFreeSingleKey(event)) return;
    event.preventDefault();
    onAsk(ask);
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => take(event);
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
