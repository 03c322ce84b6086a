import { useInfiniteQuery } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { answerOf, type Schemas } from "../client";

export type AuditEntry = Schemas["AuditEntryAnswer"];

/** Entries read at once. */
const PAGE = 200;

/** The audit log from its newest entry backwards. */
export function useAudit() {
  const { api } = useServices();
  return useInfiniteQuery({
    queryKey: ["audit"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answerOf(api.GET("/audit", { params: { query: { limit: PAGE, cursor: pageParam } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
