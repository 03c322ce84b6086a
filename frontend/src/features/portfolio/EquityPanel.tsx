import { useMemo, useState } from "react";
import type { Schemas } from "@/api/client";
import { useEquityHistory } from "@/api/queries/portfolio";
import { curveOf, drawdownOf } from "@/domain/curve";
import { LineChart } from "@/ui/LineChart";
import { LIVE, LOADING, Panel, type PanelState } from "@/ui/Panel";

type Account = Pick<Schemas["AccountWorthAnswer"], "connection_id" | "account_id" | "currency">;

/** Equity and drawdown of one account over time. */
export function EquityPanel({ accounts }: { readonly accounts: readonly Account[] }) {
  const [chosen, setChosen] = useState(0);
  const account = accounts[Math.min(chosen, accounts.length - 1)];
  if (account === undefined) return null;
  const choice = (
    <select
      aria-label="Account of the curve"
      value={chosen}
      onChange={(event) => setChosen(Number(event.target.value))}
      className="rounded-sm border border-line bg-raised px-1 py-0.5 text-sm text-ink"
    >
      {accounts.map((each, index) => (
        <option key={`${each.connection_id} ${each.account_id}`} value={index}>
          {each.connection_id} {each.account_id}
        </option>
      ))}
    </select>
  );
  return (
    <AccountCurve key={`${account.connection_id} ${account.account_id}`} account={account} choice={choice} />
  );
}

const EMPTY: PanelState = {
  kind: "empty",
  title: "No history yet",
  hint: "Equity is noted once a minute while the account is connected; the curve begins with the second note.",
};

function AccountCurve({ account, choice }: { readonly account: Account; readonly choice: React.ReactNode }) {
  const { data: points, error } = useEquityHistory(account.connection_id, account.account_id);
  const curve = useMemo(() => curveOf(points ?? []), [points]);
  const equity = useMemo(() => ({ name: "equity", values: curve.values, tone: "accent" as const }), [curve]);
  const falls = useMemo(
    () => ({ name: "drawdown", values: drawdownOf(curve.values), tone: "down" as const }),
    [curve],
  );
  const state =
    error !== null
      ? ({ kind: "denied", reason: error.message } as const)
      : points === undefined
        ? LOADING
        : curve.times.length < 2
          ? EMPTY
          : LIVE;
  return (
    <Panel title={`Equity, ${account.currency}`} state={state} actions={choice}>
      <LineChart
        label={words("Equity", curve.values)}
        times={curve.times}
        line={equity}
        height={200}
        format={whole}
      />
      <LineChart
        label={words("Drawdown", falls.values)}
        times={curve.times}
        line={falls}
        height={110}
        format={percent}
      />
    </Panel>
  );
}

function words(name: string, values: readonly (number | null)[]): string {
  const known = values.filter((value): value is number => value !== null);
  if (known.length === 0) return `${name}: nothing known`;
  const last = known[known.length - 1];
  return `${name} over ${known.length} notes: lowest ${Math.min(...known)}, highest ${Math.max(...known)}, newest ${last}`;
}

function whole(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 0 });
}

function percent(value: number): string {
  return `${(value * 100).toFixed(2)} %`;
}
