import { type Order, refusalOf } from "@/domain/orders";

/** What refused the order, in its own words with the code; or why a person must look at it. */
export function Said({ order, className = "" }: { readonly order: Order; readonly className?: string }) {
  const trouble = order.needs_operator ?? order.outcome_unknown?.reason ?? null;
  if (trouble !== null)
    return (
      <span title={trouble} className={`text-warn ${className}`}>
        {trouble}
      </span>
    );
  const refusal = refusalOf(order);
  if (refusal === null) return null;
  return (
    <span title={refusal.text} className={`text-danger ${className}`}>
      {refusal.code !== null && <code className="mr-1">{refusal.code}</code>}
      {refusal.text}
    </span>
  );
}
