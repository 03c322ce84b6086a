import { useInfiniteQuery, useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { type Api, answerOf, type Schemas } from "../client";

export type Run = Schemas["BacktestRunAnswer"];
export type RunRequest = Schemas["BacktestRunRequest"];
export type Trade = Schemas["BacktestTradeAnswer"];
export type EquityPoint = Schemas["edgerunner__schemas__backtests__EquityPointAnswer"];
export type Refusal = Schemas["BacktestRefusalAnswer"];

const RUNS = ["backtest runs"] as const;
/** How often a run that has not ended is asked about. */
const EVERY_MS = 700;
const CURVE_PAGE = 10_000;
/** Pages of the curve that are read: 200,000 points, the most bars that a connection's history gives. */
const MOST_CURVE_PAGES = 20;
const TRADE_PAGE = 200;

export function isActive(run: Pick<Run, "state">): boolean {
  return run.state === "queued" || run.state === "running";
}

/** Runs, newest first; asked for often while one of them works. */
export function useRuns() {
  const { api } = useServices();
  return useQuery({
    queryKey: RUNS,
    refetchInterval: ({ state }) => (state.data?.some(isActive) ? EVERY_MS : 10_000),
    queryFn: async (): Promise<readonly Run[]> =>
      (await answerOf(api.GET("/backtest/runs", { params: { query: { limit: 200 } } }))).runs,
  });
}

function runQuery(api: Api, runId: string) {
  return {
    queryKey: [...RUNS, runId],
    queryFn: () => answerOf(api.GET("/backtest/runs/{run_id}", { params: { path: { run_id: runId } } })),
  };
}

/** One run; asked for often until it has ended. */
export function useRun(runId: string) {
  const { api } = useServices();
  return useQuery({
    ...runQuery(api, runId),
    refetchInterval: ({ state }) => (state.data === undefined || isActive(state.data) ? EVERY_MS : false),
  });
}

/** Several runs, each as soon as it is there. */
export function useSomeRuns(runIds: readonly string[]) {
  const { api } = useServices();
  return useQueries({ queries: runIds.map((runId) => runQuery(api, runId)) });
}

export function useStartRun() {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: RunRequest): Promise<Run> => answerOf(api.POST("/backtest/run", { body })),
    onSettled: () => queries.invalidateQueries({ queryKey: RUNS }),
  });
}

export function useCancelRun() {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (runId: string): Promise<Run> =>
      answerOf(api.DELETE("/backtest/runs/{run_id}", { params: { path: { run_id: runId } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: RUNS }),
  });
}

/** The equity of a completed run, oldest first, every page of it. */
export function useRunEquity(runId: string, enabled = true) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["backtest equity", runId],
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => wholeCurve(api, runId),
  });
}

export type WholeCurve = { readonly points: readonly EquityPoint[]; readonly isWhole: boolean };

async function wholeCurve(api: Api, runId: string): Promise<WholeCurve> {
  const points: EquityPoint[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_CURVE_PAGES; page += 1) {
    const params: { path: { run_id: string }; query: { limit: number; cursor: string | null } } = {
      path: { run_id: runId },
      query: { limit: CURVE_PAGE, cursor },
    };
    const answer: Schemas["EquityCurvePage"] = await answerOf(
      api.GET("/backtest/runs/{run_id}/equity", { params }),
    );
    points.push(...answer.equity);
    cursor = answer.next_cursor;
    if (cursor === null) return { points, isWhole: true };
  }
  return { points, isWhole: false };
}

/** Closed trades of a run, oldest first, a page at a time. */
export function useRunTrades(runId: string) {
  const { api } = useServices();
  return useInfiniteQuery({
    queryKey: ["backtest trades", runId],
    staleTime: Number.POSITIVE_INFINITY,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const params = { path: { run_id: runId }, query: { limit: TRADE_PAGE, cursor: pageParam } };
      return answerOf(api.GET("/backtest/runs/{run_id}/trades", { params }));
    },
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** Orders that were refused in a run, by code. */
export function useRunRefusals(runId: string) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["backtest refusals", runId],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<readonly Refusal[]> => {
      const params = { path: { run_id: runId } };
      return (await answerOf(api.GET("/backtest/runs/{run_id}/refusals", { params }))).refusals;
    },
  });
}

/** The report of a run as one HTML file. Fetched with the key: an address that carries it is never made. */
export function fetchReport(api: Api, runId: string): Promise<string> {
  const params = { path: { run_id: runId } };
  return answerOf(api.GET("/backtest/runs/{run_id}/report", { params, parseAs: "text" }));
}
