import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useServices } from "@/app/services";
import { useRows } from "@/stream/hooks";
import { answerOf, type Schemas } from "../client";

export type Strategy = Schemas["StrategyAnswer"];
export type StrategyClass = Schemas["StrategyClassAnswer"];
export type CreateRequest = Schemas["CreateStrategyRequest"];
export type Performance = Schemas["PerformanceAnswer"];
export type LogLine = Schemas["LogLineAnswer"];
export type Signal = Schemas["SignalAnswer"];
export type Act = "start" | "pause" | "stop";

const KEY = ["strategies"] as const;
/** Open profit moves with prices, and the stream tells only what the strategy does itself. */
const EVERY_MS = 2_000;

/** All strategies, oldest first; read anew when the stream tells of one, and every two seconds. */
export function useStrategies() {
  const { api } = useServices();
  const queries = useQueryClient();
  const rows = useRows<Strategy>("strategies");
  useEffect(() => {
    if (rows.length > 0) void queries.invalidateQueries({ queryKey: KEY }, { cancelRefetch: false });
  }, [rows, queries]);
  return useQuery({
    queryKey: KEY,
    refetchInterval: EVERY_MS,
    queryFn: async (): Promise<readonly Strategy[]> => (await answerOf(api.GET("/strategies"))).strategies,
  });
}

/** Classes that can be run, and the files of the user's folder that cannot be used. */
export function useStrategyClasses() {
  const { api } = useServices();
  return useQuery({
    queryKey: ["strategy classes"],
    staleTime: 0,
    queryFn: () => answerOf(api.GET("/strategies/classes")),
  });
}

export function useCreateStrategy() {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: CreateRequest): Promise<Strategy> => answerOf(api.POST("/strategies", { body })),
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

/** Start, pause or stop; the answer is the strategy as it stands then. */
export function useActOnStrategy() {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ strategyId, act }: { strategyId: string; act: Act }): Promise<Strategy> => {
      const call = { params: { path: { strategy_id: strategyId } } };
      switch (act) {
        case "start":
          return answerOf(api.POST("/strategies/{strategy_id}/start", call));
        case "pause":
          return answerOf(api.POST("/strategies/{strategy_id}/pause", call));
        case "stop":
          return answerOf(api.POST("/strategies/{strategy_id}/stop", call));
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

/** A strategy's newest lines, newest first; read every second and a half while they are followed. */
export function useStrategyLog(strategyId: string, isFollowed: boolean) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["strategy log", strategyId],
    refetchInterval: isFollowed ? 1_500 : false,
    queryFn: () => {
      const path = { strategy_id: strategyId };
      return answerOf(api.GET("/strategies/{strategy_id}/log", { params: { path, query: { limit: 500 } } }));
    },
  });
}

/** Older lines than those of a page, a page at a time, once somebody wants them. */
export function useOlderLog(strategyId: string, from: string | null) {
  const { api } = useServices();
  return useInfiniteQuery({
    queryKey: ["strategy log", strategyId, "older", from],
    enabled: from !== null,
    staleTime: Number.POSITIVE_INFINITY,
    initialPageParam: from,
    queryFn: ({ pageParam }) => {
      const path = { strategy_id: strategyId };
      const query = { limit: 500, cursor: pageParam };
      return answerOf(api.GET("/strategies/{strategy_id}/log", { params: { path, query } }));
    },
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** The newest signals that came for a strategy, newest first. */
export function useSignals(strategyId: string) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["signals", strategyId],
    refetchInterval: 3_000,
    queryFn: async (): Promise<readonly Signal[]> => {
      const path = { strategy_id: strategyId };
      const params = { path, query: { limit: 200 } };
      return (await answerOf(api.GET("/strategies/{strategy_id}/signals", { params }))).signals;
    },
  });
}

/** Make a new secret. It is in the answer alone and is kept nowhere: `gcTime` 0 drops it with its dialog. */
export function useNewSecret() {
  const { api } = useServices();
  return useMutation({
    gcTime: 0,
    mutationFn: ({ strategyId, keepOldS }: { strategyId: string; keepOldS: number }) =>
      answerOf(
        api.POST("/strategies/{strategy_id}/signal-secret", {
          params: { path: { strategy_id: strategyId } },
          body: { keep_old_s: keepOldS },
        }),
      ),
  });
}
