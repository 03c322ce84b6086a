import type { Portfolio } from "@/api/queries/portfolio";
import { money } from "@/domain/format";
import { Signed } from "@/ui/Signed";

/** The sums over all brokers, and what keeps them from being whole. */
export function Totals({ portfolio }: { readonly portfolio: Portfolio }) {
  const { currency } = portfolio;
  return (
    <div className="flex flex-col gap-2 p-3">
      <dl className="m-0 flex flex-wrap gap-x-8 gap-y-2">
        <div>
          <dt className="text-xs text-muted">Equity {currency}</dt>
          <dd className="m-0 text-xl font-semibold tabular-nums">
            {portfolio.equity === null
              ? `at least ${money(portfolio.equity_known, currency)}`
              : money(portfolio.equity, currency)}
          </dd>
        </div>
        <div>
          <dt className="text-xs text-muted">Unrealized {currency}</dt>
          <dd className="m-0 text-xl">
            <Signed amount={portfolio.unrealized_pnl} currency={currency} />
          </dd>
        </div>
        <div>
          <dt className="text-xs text-muted">Realized {currency}, before fees</dt>
          <dd className="m-0 text-xl">
            <Signed amount={portfolio.realized_pnl} currency={currency} />
          </dd>
        </div>
      </dl>
      <ul className="m-0 list-disc pl-5 text-sm text-warn empty:hidden">
        {missing(portfolio).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </div>
  );
}

function missing({ missing_connections, missing_rates, unknown_costs }: Portfolio): readonly string[] {
  return [
    ...missing_connections.map((id) => `${id} does not tell its account now: it is not in the sums.`),
    ...missing_rates.map(
      ({ base, quote }) => `No rate of ${base} to ${quote}: what is held in it is not in the sums.`,
    ),
    ...unknown_costs.map(
      (each) =>
        `The cost of ${each.instrument_id} at ${each.connection_id} is unknown: its profit is not in the sums.`,
    ),
  ];
}
