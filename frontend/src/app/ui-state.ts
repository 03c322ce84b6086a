import { create } from "zustand";
import { persist } from "zustand/middleware";

export type Theme = "dark" | "light";

type UiState = {
  readonly theme: Theme;
  readonly hasSafePair: boolean;
  readonly density: "comfortable" | "compact";
  readonly hasHotkeys: boolean;
  /** How this browser signed in last. */
  readonly signInWay: "key" | "password";
  /** The market that Trade shows: connection and instrument belong together. */
  readonly market: { readonly connectionId: string; readonly instrumentId: string } | null;
  readonly timeframe: string;
  readonly watchlist: readonly { readonly connectionId: string; readonly instrumentId: string }[];
  readonly set: (change: Partial<Omit<UiState, "set">>) => void;
};

/** What the user chose, kept in the browser; nothing here says anything about money. */
export const useUi = create<UiState>()(
  persist(
    (set) => ({
      theme: "dark",
      hasSafePair: false,
      density: "comfortable",
      hasHotkeys: true,
      signInWay: "key",
      market: null,
      timeframe: "1m",
      watchlist: [],
      set: (change) => set(change),
    }),
    { name: "edgerunner.ui", version: 1 },
  ),
);
