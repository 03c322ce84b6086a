import { useEffect, useRef } from "react";
import { toast } from "sonner";
import { useRows, useTrust } from "@/stream/hooks";
import { type Fill, fillNotes } from "./fill-words";

/** A toast for every fill that comes while the page is open; bursts become one. */
export function FillToasts() {
  const fills = useRows<Fill>("fills");
  const isKnown = useTrust("fills").phase !== "waiting";
  const told = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    if (!isKnown) return;
    const before = told.current;
    told.current = new Set(fills.map(keyOf));
    if (before === null) return;
    const fresh = fills.filter((fill) => !before.has(keyOf(fill)));
    for (const { title, where } of fillNotes(fresh)) toast.success(title, { description: where });
  }, [fills, isKnown]);
  return null;
}

function keyOf(fill: Fill): string {
  return `${fill.connection_id} ${fill.account_id} ${fill.trade_id}`;
}
