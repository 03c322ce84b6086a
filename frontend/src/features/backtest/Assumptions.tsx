import type { Run } from "@/api/queries/backtests";
import { LIVE, Panel } from "@/ui/Panel";

/** What a run takes for granted: never folded away, for the figures mean nothing without it. */
export function Assumptions({ assumptions }: { readonly assumptions: Run["assumptions"] }) {
  return (
    <Panel title="What this run takes for granted" state={LIVE}>
      <dl className="m-0 grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 p-2.5 text-sm">
        {Object.entries(assumptions ?? {}).map(([name, words]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name.replaceAll("_", " ")}</dt>
            <dd className="m-0 min-w-0 break-words">{words}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
