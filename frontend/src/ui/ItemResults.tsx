import type { Schemas } from "@/api/client";

/** What became of each item of a command on several: done, or why not in the server's words. */
export function ItemResults({ results }: { readonly results: readonly Schemas["ItemAnswer"][] }) {
  if (results.length === 0) return <p className="m-0 text-sm text-muted">There was nothing to do.</p>;
  return (
    <ul className="m-0 flex max-h-60 list-none flex-col gap-1 overflow-auto p-0 text-sm">
      {results.map((result, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the answer is a fixed list, some items have no id
        <li key={index}>
          <span className={result.ok ? "text-up" : "text-danger"}>
            {result.ok ? "\u2713 done" : "\u2715 not done"}
          </span>{" "}
          {result.order === null
            ? (result.client_order_id ?? "an order")
            : `${result.order.side} ${result.order.quantity} ${result.order.instrument_id}`}
          {result.detail !== null && (
            <span className="text-muted">
              : {result.detail} {result.code !== null && <code>({result.code})</code>}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
