import type { Schemas } from "@/api/client";
import type { Strategy } from "@/api/queries/strategies";
import type { Mode } from "@/domain/mode";
import { useRows } from "@/stream/hooks";
import { modeOfStrategy } from "./acts";

/** Tells the mode of a strategy from what its connections report now. */
export function useModes(): (strategy: Strategy) => Mode | null {
  const connections = useRows<Schemas["ConnectionAnswer"]>("connections");
  return (strategy) => modeOfStrategy(strategy, connections);
}
