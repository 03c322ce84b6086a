import type { Schemas } from "@/api/client";
import type { Portfolio } from "@/api/queries/portfolio";
import { ABSENT, money, quantity } from "@/domain/format";
import { modeOf } from "@/domain/mode";
import { useRows } from "@/stream/hooks";
import { type Column, DataTable } from "@/ui/DataTable";
import { ModeBadge } from "@/ui/ModeBadge";

type Account = Schemas["AccountWorthAnswer"];
type Exposure = Schemas["ExposureAnswer"];
type Position = Schemas["PositionAnswer"];
type Converted = Schemas["ConvertedAnswer"];

/** Every account with its own money and what that is in the portfolio's currency. */
export function AccountTable({ portfolio }: { readonly portfolio: Portfolio }) {
  const columns: readonly Column<Account>[] = [
    {
      name: "Account",
      cell: ({ connection_id, account_id }) => (
        <>
          {connection_id} <span className="text-muted max-md:block">{account_id}</span>
        </>
      ),
    },
    { name: "Mode", cell: (account) => <ModeBadge mode={modeOf(account, null)} /> },
    {
      name: "Equity",
      isNumber: true,
      cell: ({ equity, currency }) => (
        <>
          {money(equity, currency)} <span className="max-md:block">{currency}</span>
        </>
      ),
    },
    ...convertedColumns(portfolio.currency),
  ];
  return (
    <DataTable
      caption="Accounts"
      columns={columns}
      rows={portfolio.accounts}
      keyOf={({ connection_id, account_id }) => `${connection_id} ${account_id}`}
    />
  );
}

/** What is held, by asset, with the value in the portfolio's currency. */
export function ExposureTable({ portfolio }: { readonly portfolio: Portfolio }) {
  const positions = useRows<Position>("positions");
  const columns: readonly Column<Exposure>[] = [
    { name: "Asset", cell: ({ asset }) => asset },
    {
      name: "Instrument",
      cell: ({ instrument_id, connection_id }) => (
        <>
          {instrument_id} <span className="text-muted max-md:block">{connection_id}</span>
        </>
      ),
    },
    {
      name: "Quantity",
      isNumber: true,
      cell: (row) => (
        <>
          {quantity(row.quantity, "1")} <span className="text-muted">{unitOf(row, positions)}</span>
        </>
      ),
    },
    {
      name: "Notional",
      isNumber: true,
      isMinor: true,
      cell: ({ notional, currency }) => `${money(notional, currency)} ${currency}`,
    },
    ...convertedColumns(portfolio.currency),
  ];
  return <DataTable caption="Exposure" columns={columns} rows={portfolio.exposure} keyOf={keyOf} />;
}

type Key = Pick<Exposure, "connection_id" | "account_id" | "instrument_id" | "position_id">;

function keyOf({ connection_id, account_id, instrument_id, position_id }: Key): string {
  return `${connection_id} ${account_id} ${instrument_id} ${position_id}`;
}

/** What a quantity counts, from the position itself; nothing while the stream has not told it. */
function unitOf(row: Exposure, positions: readonly Position[]): string {
  return positions.find((each) => keyOf(each) === keyOf(row))?.quantity_unit ?? "";
}

function convertedColumns(currency: string): readonly Column<{ readonly converted: Converted }>[] {
  return [
    { name: `In ${currency}`, isNumber: true, cell: ({ converted }) => money(converted.amount, currency) },
    {
      name: "Rate",
      isNumber: true,
      isMinor: true,
      cell: ({ converted }) => <span className="text-muted">{rateWords(converted)}</span>,
    },
  ];
}

function rateWords({ rate, source, age_s }: Converted): string {
  if (rate === null) return ABSENT;
  if (source === null) return rate;
  return `${rate} from ${source}${age_s === null ? "" : `, ${Math.round(age_s)} s old`}`;
}
