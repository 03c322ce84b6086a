import { useEffect } from "react";
import { useStore } from "zustand";
import { streamStore } from "@/stream/store";
import { useOneClick } from "./oneClick";

/** Ends one-click trading with its time, the page's focus, the link, and the market or account on screen. */
export function useOneClickEnd(market: string, accountId: string): void {
  const untilMs = useOneClick(({ arming }) => arming?.untilMs ?? null);
  const isLinked = useStore(streamStore, (state) => state.link.phase === "open");

  // biome-ignore lint/correctness/useExhaustiveDependencies: another market or account ends what was armed before
  useEffect(() => () => useOneClick.getState().disarm(), [market, accountId]);

  useEffect(() => {
    if (!isLinked) useOneClick.getState().disarm();
  }, [isLinked]);

  useEffect(() => {
    if (untilMs === null) return;
    const { disarm } = useOneClick.getState();
    const timer = window.setTimeout(disarm, untilMs - Date.now());
    const endHidden = () => document.hidden && disarm();
    window.addEventListener("blur", disarm);
    document.addEventListener("visibilitychange", endHidden);
    return () => {
      window.clearTimeout(timer);
      window.removeEventListener("blur", disarm);
      document.removeEventListener("visibilitychange", endHidden);
    };
  }, [untilMs]);
}
