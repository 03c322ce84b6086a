import type { Run } from "@/api/queries/backtests";
import { LIVE, Panel } from "@/ui/Panel";
import { MetricName } from "./MetricName";
import { METRIC_GROUPS, METRICS, metricWords } from "./metrics";

/** Every figure of a run under its group, each with its definition. */
export function MetricTables({ metrics }: { readonly metrics: NonNullable<Run["metrics"]> }) {
  return (
    <Panel title="Figures" state={LIVE}>
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">Figures of the run</caption>
        {METRIC_GROUPS.map((group) => (
          <tbody key={group}>
            <tr>
              <th colSpan={2} scope="colgroup" className="px-2.5 pt-2 pb-0.5 text-left text-xs text-muted">
                {group}
              </th>
            </tr>
            {METRICS.filter((metric) => metric.group === group).map((metric) => (
              <tr key={metric.name} className="border-t border-line">
                <th scope="row" className="px-2.5 py-0.5 text-left font-normal">
                  <MetricName metric={metric} />
                </th>
                <td className="num px-2.5 py-0.5">{metricWords(metric, metrics[metric.name])}</td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </Panel>
  );
}
