import { useNavigate } from "react-router";
import type { Instrument } from "@/api/queries/instruments";
import { useOverlay } from "@/app/overlay";
import { PLACES } from "@/app/places";
import { useUi } from "@/app/ui-state";
import type { Entry } from "./entries";

/** Places and things to open, and the instruments that a search found. Choosing one opens it; nothing is sent. */
export function useEntries(instruments: readonly Instrument[]): {
  readonly known: readonly Entry[];
  readonly found: readonly Entry[];
} {
  const navigate = useNavigate();
  const show = useOverlay((overlay) => overlay.show);
  const { theme, set } = useUi();
  const otherTheme = theme === "dark" ? "light" : "dark";

  function go(to: string): void {
    show(null);
    navigate(to);
  }

  function turnTheme(): void {
    set({ theme: otherTheme });
    show(null);
  }

  const places = PLACES.map(({ to, name, letter }) => ({
    key: to,
    group: "Places",
    words: name,
    hint: `g ${letter}`,
    run: () => go(to),
  }));
  const actions = [
    { words: "Connect a broker\u2026", hint: "", run: () => go("/brokers?connect") },
    { words: "Kill switch: stop all trading\u2026", hint: "Ctrl Alt K", run: () => show("kill") },
    { words: "Change risk limits", hint: "", run: () => go("/risk") },
    { words: "Export the journal", hint: "", run: () => go("/journal") },
    { words: `Use the ${otherTheme} theme`, hint: "", run: turnTheme },
    { words: "Keys: show the list", hint: "?", run: () => show("help") },
  ].map((action) => ({ ...action, key: action.words, group: "Open" }));
  const found = instruments.map(({ connection_id, instrument_id, product }) => ({
    key: `${connection_id} ${instrument_id}`,
    group: `Instruments of ${connection_id}`,
    words: instrument_id,
    hint: product,
    run: () => {
      set({ market: { connectionId: connection_id, instrumentId: instrument_id } });
      go("/trade");
    },
  }));
  return { known: [...places, ...actions], found };
}
