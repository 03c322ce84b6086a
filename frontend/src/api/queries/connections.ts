import { useMutation, useQuery } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { type Api, answerOf, type Schemas } from "../client";
import { problemOf } from "../problem";

export type Connection = Schemas["ConnectionAnswer"];
export type ConnectRequest = Schemas["ConnectRequest"];

/** Open a session with a broker. No mutation of the query library: it would keep the credentials in its cache. */
export function connect(api: Api, body: ConnectRequest): Promise<Connection> {
  return answerOf(api.POST("/broker/connect", { body }));
}

/** Close a connection and forget its credentials. */
export function useDisconnect() {
  const { api } = useServices();
  return useMutation({
    mutationFn: (connectionId: string) =>
      answerOf(
        api.DELETE("/broker/connections/{connection_id}", {
          params: { path: { connection_id: connectionId } },
        }),
      ),
  });
}

export type NotReady = Schemas["NotReadyReason"];

/** Why the server or one of its connections takes no new orders now; empty when all do. */
export function useNotReady() {
  const { api } = useServices();
  return useQuery({
    queryKey: ["readyz"],
    refetchInterval: 5_000,
    queryFn: async (): Promise<readonly NotReady[]> => {
      const { data, error, response } = await api.GET("/readyz");
      const told = (data ?? error) as Partial<Schemas["ReadyzAnswer"]> | undefined;
      if (told?.reasons === undefined) throw problemOf(error, response);
      return told.reasons;
    },
  });
}
