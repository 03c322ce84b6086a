import { useQuery } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { answerOf, type Schemas } from "../client";

export type Instrument = Schemas["InstrumentAnswer"];

/** The terms of one instrument of one connection: the same id on two connections is two instruments. */
export function useInstrument(connectionId: string | null, instrumentId: string | null) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["instrument", connectionId, instrumentId],
    enabled: connectionId !== null && instrumentId !== null,
    staleTime: 10 * 60_000,
    queryFn: async (): Promise<Instrument | null> => {
      const query = { connection_id: connectionId ?? "", instrument_id: instrumentId };
      const { instruments } = await answerOf(api.GET("/instruments", { params: { query } }));
      return instruments[0] ?? null;
    },
  });
}

/** Instruments of a connection that match what was typed. */
export function useInstrumentSearch(connectionId: string | null, text: string) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["instruments", connectionId, text],
    enabled: connectionId !== null,
    staleTime: 60_000,
    queryFn: async (): Promise<readonly Instrument[]> => {
      const query = { connection_id: connectionId ?? "", query: text };
      return (await answerOf(api.GET("/instruments", { params: { query } }))).instruments;
    },
  });
}
