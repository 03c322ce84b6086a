import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useServices } from "@/app/services";
import { useRows } from "@/stream/hooks";
import { answerOf, type Schemas } from "../client";

export type Risk = Schemas["RiskAnswer"];
export type Limits = Schemas["LimitsAnswer"];
export type Scope = Schemas["ScopeAnswer"];
export type Use = Schemas["UseAnswer"];

const KEY = ["risk"] as const;
/** Use of limits moves with every order and price, and the stream does not tell it. */
const EVERY_MS = 5_000;

/** States, limits, use and armings; read anew when the stream tells that a scope changed. */
export function useRisk() {
  const { api } = useServices();
  const queries = useQueryClient();
  const scopes = useRows<Scope>("risk");
  useEffect(() => {
    if (scopes.length > 0) void queries.invalidateQueries({ queryKey: KEY });
  }, [scopes, queries]);
  return useQuery({
    queryKey: KEY,
    refetchInterval: EVERY_MS,
    queryFn: (): Promise<Risk> => answerOf(api.GET("/risk")),
  });
}

/** Read the risk page anew after something was done about it. */
function useChange<Asked, Told>(act: (asked: Asked) => Promise<Told>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: act, onSettled: () => queries.invalidateQueries({ queryKey: KEY }) });
}

/** Replace the limits of one scope. */
export function usePutLimits() {
  const { api } = useServices();
  return useChange((body: Schemas["PutLimitsRequest"]) => answerOf(api.PUT("/risk/limits", { body })));
}

/** Halt a scope: each step has its own result. */
export function useHalt() {
  const { api } = useServices();
  return useChange((body: Schemas["HaltRequest"]) => answerOf(api.POST("/risk/halt", { body })));
}

/** End one scope's halt and no other's. */
export function useResume() {
  const { api } = useServices();
  return useChange((scope: string) => answerOf(api.POST("/risk/resume", { body: { scope } })));
}

/** Let a live account trade for some minutes. */
export function useArm() {
  const { api } = useServices();
  return useChange((body: Schemas["ArmRequest"]) => answerOf(api.POST("/risk/arm", { body })));
}

/** End an arming at once. */
export function useDisarm() {
  const { api } = useServices();
  return useChange((body: Schemas["DisarmRequest"]) => answerOf(api.POST("/risk/disarm", { body })));
}
