import { usePortfolio } from "@/api/queries/portfolio";
import { useServices } from "@/app/services";
import { EquityPanel } from "@/features/portfolio/EquityPanel";
import { Totals } from "@/features/portfolio/Totals";
import { AccountTable, ExposureTable } from "@/features/portfolio/tables";
import { LIVE, LOADING, Panel, type PanelState } from "@/ui/Panel";

const FLAT: PanelState = {
  kind: "empty",
  title: "Nothing is held",
  hint: "Positions and holdings of every broker stand here.",
};

/** All brokers in one currency. */
export default function PortfolioPage() {
  const { config } = useServices();
  const { data: portfolio, error, isRefetchError } = usePortfolio(config.base_currency);
  if (portfolio === undefined) {
    return (
      <Panel title="Portfolio" state={error === null ? LOADING : { kind: "denied", reason: error.message }} />
    );
  }
  const state: PanelState = isRefetchError ? { kind: "stale", since: portfolio.as_of.slice(11, 19) } : LIVE;
  return (
    <div className="grid grid-cols-2 gap-2 max-lg:grid-cols-1">
      <Panel title={`All brokers in ${portfolio.currency}`} state={state} className="col-span-full">
        <Totals portfolio={portfolio} />
      </Panel>
      <Panel title="Accounts" state={state}>
        <AccountTable portfolio={portfolio} />
      </Panel>
      <EquityPanel accounts={portfolio.accounts} />
      <Panel
        title="Exposure"
        state={portfolio.exposure.length === 0 ? FLAT : state}
        className="col-span-full"
      >
        <ExposureTable portfolio={portfolio} />
      </Panel>
    </div>
  );
}
