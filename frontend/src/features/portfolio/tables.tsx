import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import type { Portfolio } from "@/api/queries/portfolio";
import { ABSENT, money, quantity } from "@/domain/format";
import { modeOf } from "@/domain/mode";
import { useRows } from "@/stream/hooks";
import { ModeBadge } from "@/ui/ModeBadge";

type Converted = Schemas["ConvertedAnswer"];

/** Every account with its own money and what that is in the portfolio's currency. */
export function AccountTable({ portfolio }: { readonly portfolio: Portfolio }) {
  return (
    <Table columns={["Account", "Mode", "Equity", `In ${portfolio.currency}`, "Rate"]} numeric={[2, 3, 4]}>
      {portfolio.accounts.map((account) => (
        <tr key={`${account.connection_id} ${account.account_id}`} className="border-t border-line">
          <Cell>
            {account.connection_id} <span className="text-muted">{account.account_id}</span>
          </Cell>
          <Cell>
            <ModeBadge mode={modeOf(account, null)} />
          </Cell>
          <Cell isNumber>
            {money(account.equity, account.currency)} {account.currency}
          </Cell>
          <ConvertedCells converted={account.converted} currency={portfolio.currency} />
        </tr>
      ))}
    </Table>
  );
}

/** What is held, by asset, with the value in the portfolio's currency. */
export function ExposureTable({ portfolio }: { readonly portfolio: Portfolio }) {
  const positions = useRows<Schemas["PositionAnswer"]>("positions");
  return (
    <Table
      columns={["Asset", "Instrument", "Quantity", "Notional", `In ${portfolio.currency}`, "Rate"]}
      numeric={[2, 3, 4, 5]}
    >
      {portfolio.exposure.map((row) => (
        <tr
          key={`${row.connection_id} ${row.account_id} ${row.instrument_id} ${row.position_id}`}
          className="border-t border-line"
        >
          <Cell>{row.asset}</Cell>
          <Cell>
            {row.instrument_id} <span className="text-muted">{row.connection_id}</span>
          </Cell>
          <Cell isNumber>
            {quantity(row.quantity, "1")} <span className="text-muted">{unitOf(row, positions)}</span>
          </Cell>
          <Cell isNumber>
            {money(row.notional, row.currency)} {row.currency}
          </Cell>
          <ConvertedCells converted={row.converted} currency={portfolio.currency} />
        </tr>
      ))}
    </Table>
  );
}

/** What a quantity counts, from the position itself; nothing while the stream has not told it. */
function unitOf(row: Schemas["ExposureAnswer"], positions: readonly Schemas["PositionAnswer"][]): string {
  const position = positions.find(
    (each) =>
      each.connection_id === row.connection_id &&
      each.account_id === row.account_id &&
      each.instrument_id === row.instrument_id &&
      each.position_id === row.position_id,
  );
  return position?.quantity_unit ?? "";
}

function ConvertedCells({
  converted,
  currency,
}: {
  readonly converted: Converted;
  readonly currency: string;
}) {
  return (
    <>
      <Cell isNumber>{money(converted.amount, currency)}</Cell>
      <Cell isNumber>
        <span className="text-muted">{rateWords(converted)}</span>
      </Cell>
    </>
  );
}

function rateWords({ rate, source, age_s }: Converted): string {
  if (rate === null) return ABSENT;
  if (source === null) return rate;
  return `${rate} from ${source}${age_s === null ? "" : `, ${Math.round(age_s)} s old`}`;
}

type TableProps = {
  readonly columns: readonly string[];
  readonly numeric: readonly number[];
  readonly children: ReactNode;
};

function Table({ columns, numeric, children }: TableProps) {
  return (
    <table className="w-full border-collapse text-sm">
      <thead className="sticky top-0 bg-surface text-xs text-muted">
        <tr>
          {columns.map((name, index) => (
            <th
              key={name}
              scope="col"
              className={`px-2 py-1 font-normal ${numeric.includes(index) ? "num" : "text-left"}`}
            >
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

function Cell({ isNumber = false, children }: { readonly isNumber?: boolean; readonly children: ReactNode }) {
  return <td className={`px-2 py-1 ${isNumber ? "num" : ""}`}>{children}</td>;
}
