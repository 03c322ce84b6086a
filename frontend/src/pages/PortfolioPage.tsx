import { usePortfolio } from "@/api/queries/portfolio";
import { useServices } from "@/app/services";
import { EquityPanel } from "@/features/portfolio/EquityPanel";
import { Totals } from "@/features/portfolio/Totals";
import { AccountTable, ExposureTable } from "@/features/portfolio/tables";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";

const FLAT = {
  title: "Nothing is held",
  hint: "Positions and holdings of every broker stand here.",
};

/** All brokers in one currency. */
export default function PortfolioPage() {
  const { config } = useServices();
  const query = usePortfolio(config.base_currency);
  const portfolio = query.data;
  const state = queryState(query);
  if (portfolio === undefined) return <Panel title="Portfolio" state={state} />;
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
        state={queryState(query, { isEmpty: portfolio.exposure.length === 0, ...FLAT })}
        className="col-span-full"
      >
        <ExposureTable portfolio={portfolio} />
      </Panel>
    </div>
  );
}
