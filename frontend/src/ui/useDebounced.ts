import { useEffect, useState } from "react";

/** The value as it was when it last stood still for `ms`; values are compared by their JSON. */
export function useDebounced<Value>(value: Value, ms: number): Value {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(JSON.parse(text) as Value), ms);
    return () => window.clearTimeout(timer);
  }, [text, ms]);
  return settled;
}
