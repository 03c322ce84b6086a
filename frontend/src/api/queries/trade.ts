import { useQuery } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { type Api, answerOf, type Schemas } from "../client";

export type TradeRequest = Schemas["TradeRequest"];
export type Preview = Schemas["PreviewAnswer"];
export type Placed = Schemas["PlacedAnswer"];

/** What an order would meet and cost now; null asks nothing. An estimate is never kept longer than it is shown. */
export function usePreview(request: TradeRequest | null) {
  const { api } = useServices();
  return useQuery({
    queryKey: ["preview", request],
    enabled: request !== null,
    staleTime: 0,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    queryFn: ({ signal }): Promise<Preview> => {
      if (request === null) throw new RangeError("nothing to preview");
      return answerOf(api.POST("/trade/preview", { body: request, signal }));
    },
  });
}

/** Place one order. Its id is the idempotency key too: sent twice it is one order. Never retried by itself. */
export function placeOrder(api: Api, request: TradeRequest & { client_order_id: string }): Promise<Placed> {
  const header = { "Idempotency-Key": request.client_order_id };
  return answerOf(api.POST("/trade", { params: { header }, body: request }));
}
