import { useEffect, useRef, useState } from "react";

/** Milliseconds that a button must be held before an order with real money goes out. */
export const HOLD_MS = 600;

/** Calls `done` once the pointer, Space or Enter has been held for `ms`; letting go earlier calls nothing. */
export function useHold(done: () => void, ms: number = HOLD_MS) {
  const [isHeld, setHeld] = useState(false);
  const timer = useRef<number | null>(null);

  function release(): void {
    if (timer.current !== null) window.clearTimeout(timer.current);
    timer.current = null;
    setHeld(false);
  }

  function hold(): void {
    if (timer.current !== null) return;
    setHeld(true);
    timer.current = window.setTimeout(() => {
      release();
      done();
    }, ms);
  }

  useEffect(
    () => () => {
      if (timer.current !== null) window.clearTimeout(timer.current);
    },
    [],
  );

  const isHoldKey = (key: string) => key === " " || key === "Enter";
  return {
    isHeld,
    handlers: {
      onPointerDown: hold,
      onPointerUp: release,
      onPointerLeave: release,
      onBlur: release,
      onKeyDown: (event: { key: string; ctrlKey: boolean; repeat: boolean; preventDefault: () => void }) => {
        if (!isHoldKey(event.key) || event.ctrlKey) return;
        event.preventDefault();
        if (!event.repeat) hold();
      },
      onKeyUp: (event: { key: string }) => {
        if (isHoldKey(event.key)) release();
      },
    },
  };
}
