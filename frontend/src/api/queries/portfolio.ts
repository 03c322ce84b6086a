import { useQuery } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { answerOf, type Schemas } from "../client";

export type Portfolio = Schemas["PortfolioAnswer"];
export type EquityPoint = Schemas["edgerunner__schemas__accounts__EquityPointAnswer"];

/** All connections in one currency; asked for again every five seconds while it is on screen. */
export function usePortfolio(currency: string) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["portfolio", currency],
    refetchInterval: 5_000,
    queryFn: (): Promise<Portfolio> => answerOf(api.GET("/portfolio", { params: { query: { currency } } })),
  });
}

const PAGE = 1_000;

/** Equity of one account over time, oldest first: the newest thousand samples. */
export function useEquityHistory(connectionId: string, accountId: string) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["account-history", connectionId, accountId],
    refetchInterval: 60_000,
    queryFn: async (): Promise<readonly EquityPoint[]> => {
      const query = { connection_id: connectionId, account_id: accountId, limit: PAGE };
      const { points } = await answerOf(api.GET("/account/history", { params: { query } }));
      return points.toReversed();
    },
  });
}
