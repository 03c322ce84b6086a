import { useQuery } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { answerOf, type Schemas } from "../client";

export type Funding = Schemas["FundingAnswer"];

/** The venue may move a rate until it settles. */
const EVERY_MS = 60_000;

/** The newest funding rates of a perpetual, and the next one when the venue tells it. */
export function useFunding(connectionId: string, instrumentId: string) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["funding", connectionId, instrumentId],
    refetchInterval: EVERY_MS,
    queryFn: (): Promise<Funding> => {
      const query = { connection_id: connectionId, instrument_id: instrumentId, limit: 1 };
      return answerOf(api.GET("/market/funding", { params: { query } }));
    },
  });
}
