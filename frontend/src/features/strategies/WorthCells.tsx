import type { Performance } from "@/api/queries/strategies";
import { ABSENT, money } from "@/domain/format";
import { Signed } from "@/ui/Signed";
import { worthOf } from "./worth";

/** Profit after fees, a line for each currency. */
export function NetWorth({ performance }: { readonly performance: Performance }) {
  const worths = worthOf(performance);
  if (worths.length === 0) return <span className="text-muted">{ABSENT}</span>;
  return worths.map(({ currency, net }) => (
    <div key={currency}>
      <Signed amount={net} currency={currency} /> <span className="text-xs text-muted">{currency}</span>
    </div>
  ));
}

/** What the profit is made of. */
export function WorthTable({ performance }: { readonly performance: Performance }) {
  const worths = worthOf(performance);
  if (worths.length === 0) return null;
  return (
    <table className="w-full border-collapse text-sm">
      <caption className="sr-only">Profit by currency</caption>
      <thead className="text-xs text-muted">
        <tr>
          <th scope="col" className="px-2.5 py-1 text-left font-normal">
            Currency
          </th>
          {["Realized", "Unrealized", "Fees", "After fees"].map((name) => (
            <th key={name} scope="col" className="num px-2 py-1 font-normal">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {worths.map(({ currency, realized, unrealized, fees, net }) => (
          <tr key={currency} className="border-t border-line">
            <th scope="row" className="px-2.5 py-1 text-left font-normal">
              {currency}
            </th>
            <td className="num px-2 py-1">
              <Signed amount={realized} currency={currency} />
            </td>
            <td className="num px-2 py-1">
              <Signed amount={unrealized} currency={currency} />
            </td>
            <td className="num px-2 py-1">{money(fees, currency)}</td>
            <td className="num px-2 py-1 font-semibold">
              <Signed amount={net} currency={currency} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
