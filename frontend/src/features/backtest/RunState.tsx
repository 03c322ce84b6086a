import { Ban, Check, Hourglass, Loader, X } from "lucide-react";
import type { ComponentType } from "react";
import type { Run } from "@/api/queries/backtests";

type Look = {
  readonly icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
  readonly colour: string;
};

const LOOKS: Readonly<Record<Run["state"], Look>> = {
  queued: { icon: Hourglass, colour: "text-muted" },
  running: { icon: Loader, colour: "text-order-working" },
  completed: { icon: Check, colour: "text-ink" },
  failed: { icon: X, colour: "text-danger" },
  canceled: { icon: Ban, colour: "text-muted" },
};

/** Where a run stands, with a bar while it works. */
export function RunState({ run }: { readonly run: Pick<Run, "state" | "progress"> }) {
  const { icon: Icon, colour } = LOOKS[run.state];
  return (
    <span className={`inline-flex items-center gap-1 whitespace-nowrap ${colour}`}>
      <Icon size={13} aria-hidden />
      {run.state}
      {run.state === "running" && (
        <>
          <progress value={run.progress} max={1} aria-label="Progress of the run" className="ml-1 h-2 w-20" />
          <span className="num">{Math.floor(run.progress * 100)} %</span>
        </>
      )}
    </span>
  );
}
