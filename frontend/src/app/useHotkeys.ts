import { useEffect } from "react";
import { useNavigate } from "react-router";
import { type Command, createHotkeys, neighbour, type Stroke } from "./hotkeys";
import { useOverlay } from "./overlay";
import { isTyping } from "./single-keys";
import { useUi } from "./ui-state";

/** Listen to the shell's keys for as long as it is on screen. */
export function useHotkeys(): void {
  const navigate = useNavigate();
  useEffect(() => {
    const hotkeys = createHotkeys();
    function onKey(event: KeyboardEvent): void {
      if (event.repeat || event.defaultPrevented || isModifier(event.key)) return;
      const command = hotkeys.press(strokeOf(event), useUi.getState().hasHotkeys, performance.now());
      if (command === null) return;
      event.preventDefault();
      run(command, navigate);
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate]);
}

function isModifier(key: string): boolean {
  return key === "Shift" || key === "Control" || key === "Alt" || key === "Meta";
}

function strokeOf(event: KeyboardEvent): Stroke {
  return {
    key: event.key,
    code: event.code,
    ctrl: event.ctrlKey,
    alt: event.altKey,
    meta: event.metaKey,
    isTyping: isTyping(event),
  };
}

function run(command: Command, navigate: (to: string) => void): void {
  const ui = useUi.getState();
  switch (command.kind) {
    case "go":
      navigate(command.to);
      break;
    case "show":
      useOverlay.getState().show(command.overlay);
      break;
    case "timeframe":
      ui.set({ timeframe: command.timeframe });
      break;
    case "market":
      ui.set({ market: neighbour(ui.watchlist, ui.market, command.step) });
      break;
  }
}
