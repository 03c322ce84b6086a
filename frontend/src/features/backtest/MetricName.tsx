import { Tooltip } from "radix-ui";
import type { Metric } from "./metrics";

/** A figure's title; pointer or keyboard focus shows its definition. */
export function MetricName({ metric }: { readonly metric: Metric }) {
  return (
    <Tooltip.Provider delayDuration={150}>
      <Tooltip.Root>
        <Tooltip.Trigger className="min-h-6 cursor-help border-0 border-b border-dotted border-muted bg-transparent p-0 text-left text-sm text-ink">
          {metric.title}
        </Tooltip.Trigger>
        <Tooltip.Portal>
          <Tooltip.Content
            side="left"
            collisionPadding={8}
            className="z-50 max-w-80 rounded-sm border border-line bg-raised p-2 text-xs text-ink shadow-lg"
          >
            {metric.definition}
          </Tooltip.Content>
        </Tooltip.Portal>
      </Tooltip.Root>
    </Tooltip.Provider>
  );
}
