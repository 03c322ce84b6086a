import { useQueries } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { answerOf } from "../client";
import type { Instrument } from "./instruments";

export type Found = { readonly instruments: readonly Instrument[]; readonly errors: readonly string[] };

/** Instruments of several connections that match what was typed; nothing is asked for an empty text. */
export function useInstrumentSearches(connectionIds: readonly string[], text: string): Found {
  const { api } = useServices();
  const searches = useQueries({
    queries: connectionIds.map((connectionId) => ({
      queryKey: ["instruments", connectionId, text],
      enabled: text !== "",
      staleTime: 60_000,
      queryFn: async (): Promise<readonly Instrument[]> => {
        const query = { connection_id: connectionId, query: text };
        return (await answerOf(api.GET("/instruments", { params: { query } }))).instruments;
      },
    })),
  });
  return {
    instruments: searches.flatMap(({ data }) => data?.slice(0, MOST_EACH) ?? []),
    errors: searches.flatMap(({ error }, index) =>
      error === null ? [] : [`${connectionIds[index]}: ${error.message}`],
    ),
  };
}

/** So many of each connection: a list to choose from, no catalogue. */
const MOST_EACH = 6;
