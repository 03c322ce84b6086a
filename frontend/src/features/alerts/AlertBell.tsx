import { Bell } from "lucide-react";
import { Popover } from "radix-ui";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { dateTime } from "@/domain/format";
import { useRows, useTrust } from "@/stream/hooks";
import { panelState } from "@/stream/panelState";
import { BROWSER_TIMERS } from "@/stream/scheduler";
import { streamStore } from "@/stream/store";
import { Panel } from "@/ui/Panel";
import { type Alert, LEVELS } from "./alerts";
import { type Announced, createAnnouncer, newSince } from "./announcer";

const NOTHING = {
  title: "No alerts",
  hint: "Lost connections, unknown outcomes, loss limits and the like come here.",
};

/** The bell: how many alerts nobody has looked at, their list, and their announcement to screen readers. */
export function AlertBell() {
  const alerts = useRows<Alert>("alerts");
  const trust = useTrust("alerts");
  const link = useStore(streamStore, (state) => state.link);
  const [seenUntil, setSeenUntil] = useState("");
  const unseen = alerts.filter((alert) => alert.time > seenUntil);
  const isGrave = unseen.some((alert) => alert.level === "critical");
  const newest = alerts[0]?.time ?? "";
  return (
    <Popover.Root onOpenChange={(open) => !open && setSeenUntil(newest)}>
      <Popover.Trigger
        className="relative inline-flex min-h-7 min-w-7 cursor-pointer items-center justify-center gap-1 rounded-sm border border-transparent bg-transparent px-1 text-muted hover:bg-raised hover:text-ink max-md:min-h-11 max-md:min-w-11"
        aria-label={`Alerts, ${unseen.length} not seen`}
      >
        <Bell size={16} aria-hidden />
        {unseen.length > 0 && (
          <span className={`num text-xs font-semibold ${isGrave ? "text-danger" : "text-warn"}`}>
            {unseen.length > 99 ? "99+" : unseen.length}
          </span>
        )}
      </Popover.Trigger>
      <Announcements alerts={alerts} isKnown={trust.phase !== "waiting"} />
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          aria-label="Alerts"
          className="z-50 flex max-h-[min(28rem,70dvh)] w-[min(26rem,calc(100vw-1rem))] flex-col"
        >
          <Panel
            title="Alerts"
            state={panelState(link, trust, { isEmpty: alerts.length === 0, ...NOTHING })}
            className="flex-1 shadow-xl"
          >
            <ul className="m-0 list-none p-0">
              {alerts.map((alert) => (
                <Line key={alert.alert_id} alert={alert} isNew={alert.time > seenUntil} />
              ))}
            </ul>
          </Panel>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Line({ alert, isNew }: { readonly alert: Alert; readonly isNew: boolean }) {
  const { mark, word, colour } = LEVELS[alert.level];
  return (
    <li className={`border-b border-line px-2.5 py-2 text-sm ${isNew ? "bg-raised" : ""}`}>
      <div className="flex gap-2 text-xs text-muted">
        <span className={`font-semibold ${colour}`}>
          <span aria-hidden="true">{mark}</span> {word}
        </span>
        {isNew && <span>new</span>}
        <time dateTime={alert.time} className="num ml-auto">
          {dateTime(alert.time)} UTC
        </time>
      </div>
      <div className="break-words">{alert.text}</div>
      <div className="text-xs text-muted">
        <code>{alert.code}</code>
        {alert.connection_id !== null && ` \u00b7 ${alert.connection_id}`}
      </div>
    </li>
  );
}

/** Two regions that screen readers follow: warnings wait for a pause, critical ones interrupt. */
function Announcements({
  alerts,
  isKnown,
}: {
  readonly alerts: readonly Alert[];
  readonly isKnown: boolean;
}) {
  const [said, setSaid] = useState<Announced | null>(null);
  const [announcer] = useState(() => createAnnouncer(BROWSER_TIMERS, setSaid));
  const toldUntil = useRef<string | null>(null);
  useEffect(() => () => announcer.stop(), [announcer]);
  useEffect(() => {
    if (!isKnown) return;
    const before = toldUntil.current;
    toldUntil.current = alerts[0]?.time ?? before ?? "";
    // The first snapshot is the past: it stands in the list, nobody needs to hear it.
    if (before === null) return;
    announcer.tell(
      newSince(alerts, before).map(({ text, level }) => ({ text, isUrgent: level === "critical" })),
    );
  }, [alerts, isKnown, announcer]);
  return (
    <>
      <div role="status" className="sr-only">
        {said?.isUrgent === false && said.text}
      </div>
      <div role="alert" className="sr-only">
        {said?.isUrgent === true && said.text}
      </div>
    </>
  );
}
