import { CircleDashed, CircleStop, Hourglass, OctagonAlert, Pause, Play } from "lucide-react";
import type { ComponentType } from "react";
import type { Strategy } from "@/api/queries/strategies";

type Look = {
  readonly icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
  readonly word: string;
  readonly colour: string;
  readonly meaning: string;
};

const LOOKS: Readonly<Record<Strategy["state"], Look>> = {
  created: { icon: CircleDashed, word: "created", colour: "text-muted", meaning: "made, never started" },
  running: { icon: Play, word: "running", colour: "text-order-working", meaning: "trades by itself" },
  paused: {
    icon: Pause,
    word: "paused",
    colour: "text-warn",
    meaning: "runs, but its new orders are dropped",
  },
  stopped: { icon: CircleStop, word: "stopped", colour: "text-muted", meaning: "ended when asked to" },
  faulted: { icon: OctagonAlert, word: "faulted", colour: "text-danger", meaning: "ended by an error" },
};

const WARMING: Look = {
  icon: Hourglass,
  word: "running, not live yet",
  colour: "text-order-sent",
  meaning: "waits for its connection or replays history; sends nothing yet",
};

/** The state of a strategy: icon, word and colour say the same. */
export function StateWord({ strategy }: { readonly strategy: Pick<Strategy, "state" | "live"> }) {
  const isWarming = strategy.state === "running" && !strategy.live;
  const { icon: Icon, word, colour, meaning } = isWarming ? WARMING : LOOKS[strategy.state];
  return (
    <span title={meaning} className={`inline-flex items-center gap-1 whitespace-nowrap ${colour}`}>
      <Icon size={13} aria-hidden />
      {word}
    </span>
  );
}
