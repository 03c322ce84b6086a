import { useQuery } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { answerOf, type Schemas } from "../client";

export type Bar = Schemas["BarAnswer"];
export type Timeframe = Schemas["Timeframe"];

export const TIMEFRAMES: readonly Timeframe[] = ["1s", "5s", "1m", "5m", "15m", "30m", "1h", "4h", "1d"];

/** The newest bars of a market, oldest first; asked for anew when the page comes back into sight. */
export function useBars(connectionId: string, instrumentId: string, timeframe: Timeframe, limit = 500) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["bars", connectionId, instrumentId, timeframe, limit],
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: "always",
    queryFn: async (): Promise<readonly Bar[]> => {
      const query = { connection_id: connectionId, instrument_id: instrumentId, timeframe, limit };
      return (await answerOf(api.GET("/market/ohlc", { params: { query } }))).bars;
    },
  });
}
