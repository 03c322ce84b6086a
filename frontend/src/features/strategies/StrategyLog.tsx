import { useMemo, useState } from "react";
import { type LogLine, useOlderLog, useStrategyLog } from "@/api/queries/strategies";
import { dateTime } from "@/domain/format";
import { Button } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";

const EMPTY = { title: "Nothing was written", hint: "Starts, stops, warnings and its own lines stand here." };

const COLOURS: Readonly<Record<LogLine["level"], string>> = {
  info: "text-muted",
  output: "text-muted",
  warning: "text-warn",
  error: "text-danger",
};

/** A strategy's log, newest first. While it is not followed the lines stand still. */
export function StrategyLog({ strategyId }: { readonly strategyId: string }) {
  const [isFollowed, setFollowed] = useState(true);
  const log = useStrategyLog(strategyId, isFollowed);
  const [olderFrom, setOlderFrom] = useState<string | null>(null);
  const older = useOlderLog(strategyId, olderFrom);
  const lines = useMemo(
    () => [...(log.data?.lines ?? []), ...(older.data?.pages ?? []).flatMap((page) => page.lines)],
    [log.data, older.data],
  );
  const next = olderFrom === null ? (log.data?.next_cursor ?? null) : null;

  function showOlder(): void {
    setFollowed(false);
    if (olderFrom === null) setOlderFrom(next);
    else void older.fetchNextPage();
  }

  return (
    <Panel
      title="Log"
      state={queryState(log, { isEmpty: lines.length === 0, ...EMPTY })}
      actions={
        <label className="flex items-center gap-1.5 text-sm">
          <input
            type="checkbox"
            checked={isFollowed}
            onChange={(event) => {
              setFollowed(event.target.checked);
              if (event.target.checked) setOlderFrom(null);
            }}
          />
          Follow
        </label>
      }
      className="col-span-full max-h-[32rem]"
    >
      <ol className="m-0 list-none p-0 font-mono text-xs" aria-label="Log, newest first">
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines of one moment differ by nothing else
          <Line key={`${line.time} ${lines.length - index}`} line={line} />
        ))}
      </ol>
      {(next !== null || older.hasNextPage) && (
        <Button look="quiet" disabled={older.isFetching} onClick={showOlder} className="m-1">
          Show older lines
        </Button>
      )}
    </Panel>
  );
}

function Line({ line }: { readonly line: LogLine }) {
  return (
    <li className="flex gap-3 border-b border-line px-2.5 py-1 max-md:flex-wrap max-md:gap-x-2 max-md:gap-y-0">
      <span className="shrink-0 text-muted">{dateTime(line.time)}</span>
      <span className={`w-16 shrink-0 ${COLOURS[line.level]}`}>{line.level}</span>
      <span className="min-w-0 break-words whitespace-pre-wrap max-md:basis-full">{line.text}</span>
    </li>
  );
}
