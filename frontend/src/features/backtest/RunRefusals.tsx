import { type Refusal, useRunRefusals } from "@/api/queries/backtests";
import { dateTime } from "@/domain/format";
import { type Column, DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";

const COLUMNS: readonly Column<Refusal>[] = [
  { name: "Orders", isNumber: true, cell: ({ orders }) => orders },
  { name: "Code", cell: ({ code }) => <code>{code}</code> },
  { name: "The first of them", cell: ({ text }) => <span className="whitespace-normal">{text}</span> },
  { name: "From UTC", isMinor: true, cell: ({ first_time }) => dateTime(first_time) },
  { name: "To UTC", isMinor: true, cell: ({ last_time }) => dateTime(last_time) },
];

const EMPTY = {
  title: "No order was refused",
  hint: "Refusals of limits, steps, hours and money stand here.",
};

/** Orders that reached no market, and why. */
export function RunRefusals({ runId }: { readonly runId: string }) {
  const refusals = useRunRefusals(runId);
  const rows = refusals.data ?? [];
  return (
    <Panel title="Refused orders" state={queryState(refusals, { isEmpty: rows.length === 0, ...EMPTY })}>
      <DataTable caption="Refused orders" columns={COLUMNS} rows={rows} keyOf={({ code }) => code} />
    </Panel>
  );
}
