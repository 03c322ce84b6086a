import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { type Api, answerOf, type Schemas } from "../client";

export type Order = Schemas["OrderAnswer"];
export type OrderEvent = Schemas["EventAnswer"];
export type ItemResult = Schemas["ItemAnswer"];

/** The most that one page holds: the stream has the newest 500 already. */
const PAGE = 1_000;

/** Orders of all time, newest first, a page at a time; asked for only when somebody wants to see more. */
export function useOlderOrders(connectionId: string | null, enabled: boolean) {
  const { api } = useServices();
  return useInfiniteQuery({
    queryKey: ["orders", connectionId],
    enabled,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { status: "all" as const, limit: PAGE, connection_id: connectionId, cursor: pageParam };
      return answerOf(api.GET("/orders/status", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** One order's time line, oldest first; `stamp` is its newest change, so that a change asks anew. */
export function useOrderEvents(clientOrderId: string, stamp: string) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["order events", clientOrderId, stamp],
    placeholderData: (before, query) => (query?.queryKey[1] === clientOrderId ? before : undefined),
    queryFn: async (): Promise<readonly OrderEvent[]> => {
      const path = { client_order_id: clientOrderId };
      return (await answerOf(api.GET("/orders/{client_order_id}/events", { params: { path } }))).events;
    },
  });
}

/** Where one order stands, by its id; throws `ApiProblem` 404 when the server does not know it. */
export async function orderById(api: Api, clientOrderId: string): Promise<Order | null> {
  const query = { client_order_id: clientOrderId };
  return (await answerOf(api.GET("/orders/status", { params: { query } }))).orders[0] ?? null;
}

export function useCancelOrder() {
  const { api } = useServices();
  return useMutation({
    mutationFn: (clientOrderId: string) =>
      answerOf(
        api.DELETE("/orders/{client_order_id}", { params: { path: { client_order_id: clientOrderId } } }),
      ),
  });
}

export function useModifyOrder() {
  const { api } = useServices();
  return useMutation({
    mutationFn: ({ clientOrderId, body }: { clientOrderId: string; body: Schemas["ModifyRequest"] }) =>
      answerOf(
        api.PATCH("/orders/{client_order_id}", {
          params: { path: { client_order_id: clientOrderId } },
          body,
        }),
      ),
  });
}

export function useCancelAll() {
  const { api } = useServices();
  return useMutation({
    mutationFn: async (body: Schemas["CancelAllRequest"]): Promise<readonly ItemResult[]> =>
      (await answerOf(api.POST("/orders/cancel-all", { body }))).results,
  });
}

export function useClosePositions() {
  const { api } = useServices();
  return useMutation({
    mutationFn: async (body: Schemas["ClosePositionsRequest"]): Promise<readonly ItemResult[]> =>
      (await answerOf(api.POST("/positions/close", { body }))).results,
  });
}
