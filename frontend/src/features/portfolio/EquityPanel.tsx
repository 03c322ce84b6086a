import { type ReactNode, useState } from "react";
import type { Schemas } from "@/api/client";
import { useEquityHistory } from "@/api/queries/portfolio";
import { EquityCurves } from "@/ui/EquityCurves";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";

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

const EMPTY = {
  title: "No history yet",
  hint: "Equity is noted once a minute while the account is connected; the curve begins with the second note.",
};

function AccountCurve({ account, choice }: { readonly account: Account; readonly choice: ReactNode }) {
  const history = useEquityHistory(account.connection_id, account.account_id);
  const points = history.data ?? [];
  return (
    <Panel
      title={`Equity, ${account.currency}`}
      state={queryState(history, { isEmpty: points.length < 2, ...EMPTY })}
      actions={choice}
    >
      <EquityCurves points={points} />
    </Panel>
  );
}
