import { create } from "zustand";

export type Overlay = "kill" | "palette" | "help";

type OverlayState = {
  readonly shown: Overlay | null;
  readonly show: (overlay: Overlay | null) => void;
};

/** Which of the shell's dialogs is open: keys, palette and buttons open the same ones, one at a time. */
export const useOverlay = create<OverlayState>((set) => ({
  shown: null,
  show: (shown) => set({ shown }),
}));
