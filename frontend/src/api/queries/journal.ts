import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useServices } from "@/app/services";
import { type Api, answerOf, type Schemas } from "../client";
import { lastSeq } from "./last-seq";

export type JournalEvent = Schemas["EventAnswer"];
export type JournalFormat = "json" | "csv" | "parquet";
export type Movement = Schemas["MovementAnswer"];

/** Events read at once; the API lists them oldest first, so a page is a window of numbers. */
const WINDOW = 500;

async function eventsAfter(api: Api, afterSeq: number, limit: number): Promise<readonly JournalEvent[]> {
  const query = { format: "json" as const, after_seq: afterSeq, limit };
  const answer = await answerOf<Schemas["JournalExport"] | string>(
    api.GET("/journal", { params: { query } }),
  );
  if (typeof answer === "string") throw new TypeError("the journal was not answered as JSON");
  return answer.events;
}

export type JournalPage = {
  readonly events: readonly JournalEvent[];
  /** Everything after this number, up to the page before, was read. */
  readonly afterSeq: number;
};

/** The journal from its newest event backwards. */
export function useJournal() {
  const { api } = useServices();
  return useInfiniteQuery({
    queryKey: ["journal"],
    staleTime: Number.POSITIVE_INFINITY,
    initialPageParam: null as number | null,
    queryFn: async ({ pageParam }): Promise<JournalPage> => {
      const isAfter = async (seq: number) => (await eventsAfter(api, seq, 1)).length > 0;
      const end = pageParam ?? (await lastSeq(isAfter));
      const afterSeq = Math.max(0, end - WINDOW);
      const events = await eventsAfter(api, afterSeq, WINDOW);
      return { events: events.filter((event) => event.seq <= end).reverse(), afterSeq };
    },
    getNextPageParam: (page) => (page.afterSeq > 0 ? page.afterSeq : undefined),
  });
}

/** The whole journal as a file. The key travels in a header: a link would put it into the browser's history. */
export function useJournalExport() {
  const { api } = useServices();
  return useMutation({
    gcTime: 0,
    mutationFn: async (format: JournalFormat): Promise<Blob> => {
      const call = api.GET("/journal", { params: { query: { format } }, parseAs: "blob" });
      return answerOf<Blob>(call);
    },
  });
}

/** Movements of cash, newest first, page by page. */
export function useLedger(connectionId: string | null) {
  const { api } = useServices();
  return useInfiniteQuery({
    queryKey: ["ledger", connectionId],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { limit: 200, cursor: pageParam, connection_id: connectionId };
      return answerOf(api.GET("/ledger", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
