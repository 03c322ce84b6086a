import { Link } from "react-router";
import { type Run, useSomeRuns } from "@/api/queries/backtests";
import { LIVE, LOADING, Panel, type PanelState } from "@/ui/Panel";
import { type ComparedMetric, compareMetrics, differencesOf } from "./compare";
import { MetricName } from "./MetricName";
import { METRIC_GROUPS } from "./metrics";
import { sameAgain } from "./request";

/** Two or more runs side by side: in what they differ, then their figures. */
export function CompareRuns({ runIds }: { readonly runIds: readonly string[] }) {
  const answers = useSomeRuns(runIds);
  const runs = answers.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const error = answers.find((answer) => answer.error !== null)?.error ?? null;
  return (
    <div className="flex flex-col gap-2">
      <Panel
        title="Runs side by side"
        state={stateOf(runs.length, runIds.length, error)}
        actions={<BackLink />}
      >
        <Comparison runs={runs} />
      </Panel>
    </div>
  );
}

function stateOf(known: number, asked: number, error: Error | null): PanelState {
  if (error !== null) return { kind: "denied", reason: error.message };
  if (asked < 2)
    return { kind: "empty", title: "Nothing to compare", hint: "Pick two runs in the list of runs." };
  return known < asked ? LOADING : LIVE;
}

function BackLink() {
  return (
    <Link to="/backtest" className="text-sm whitespace-nowrap text-accent">
      All runs
    </Link>
  );
}

function Comparison({ runs }: { readonly runs: readonly Run[] }) {
  const figures = compareMetrics(runs);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard
    <section aria-label="Comparison" tabIndex={0} className="overflow-auto">
      <table className="border-collapse text-sm">
        <caption className="sr-only">Runs side by side</caption>
        <thead className="text-xs text-muted">
          <tr>
            <th scope="col" className="px-2.5 py-1 text-left font-normal">
              Run
            </th>
            {runs.map((run) => (
              <th
                key={run.run_id}
                scope="col"
                className="num px-3 py-1 font-normal max-md:px-1.5 max-md:whitespace-normal"
              >
                <Link to={`/backtest/${run.run_id}`} className="text-accent">
                  {sameAgain(run).strategy} {run.run_id.slice(-6)}
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <Heading words="In what they differ" columns={runs.length + 1} />
        <Differences runs={runs} />
        {METRIC_GROUPS.map((group) => (
          <Figures key={group} group={group} figures={figures} columns={runs.length + 1} />
        ))}
      </table>
      <p className="m-0 p-2.5 text-xs text-muted">
        {"\u2605"} marks the best where more or less is better. The best of many runs is partly luck.
      </p>
    </section>
  );
}

function Heading({ words, columns }: { readonly words: string; readonly columns: number }) {
  return (
    <tbody>
      <tr>
        <th colSpan={columns} scope="colgroup" className="px-2.5 pt-3 pb-0.5 text-left text-xs text-muted">
          {words}
        </th>
      </tr>
    </tbody>
  );
}

function Differences({ runs }: { readonly runs: readonly Run[] }) {
  const differences = differencesOf(runs);
  if (differences.length === 0) {
    return (
      <tbody>
        <tr className="border-t border-line">
          <td colSpan={runs.length + 1} className="px-2.5 py-1">
            In nothing: the same was asked for.
          </td>
        </tr>
      </tbody>
    );
  }
  return (
    <tbody>
      {differences.map(({ name, values }) => (
        <tr key={name} className="border-t border-line">
          <th scope="row" className="px-2.5 py-0.5 text-left font-normal">
            {name}
          </th>
          {runs.map((run, index) => (
            <td
              key={run.run_id}
              className="num px-3 py-0.5 max-md:px-1.5 max-md:break-all max-md:whitespace-normal"
            >
              {values[index]}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

type FiguresProps = {
  readonly group: string;
  readonly figures: readonly ComparedMetric[];
  readonly columns: number;
};

function Figures({ group, figures, columns }: FiguresProps) {
  return (
    <>
      <Heading words={group} columns={columns} />
      <tbody>
        {figures
          .filter(({ metric }) => metric.group === group)
          .map(({ metric, words, best }) => (
            <tr key={metric.name} className="border-t border-line">
              <th scope="row" className="px-2.5 py-0.5 text-left font-normal">
                <MetricName metric={metric} />
              </th>
              {words.map((value, index) => (
                <td
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns stand in the order of the runs
                  key={index}
                  className={`num px-3 py-0.5 max-md:px-1.5 max-md:whitespace-normal ${best.includes(index) ? "font-semibold" : ""}`}
                >
                  {best.includes(index) && (
                    <>
                      <span aria-hidden="true">{"\u2605"} </span>
                      <span className="sr-only">best: </span>
                    </>
                  )}
                  {value}
                </td>
              ))}
            </tr>
          ))}
      </tbody>
    </>
  );
}
