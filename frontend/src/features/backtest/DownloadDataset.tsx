import { useState } from "react";
import type { Schemas } from "@/api/client";
import { fieldErrors } from "@/api/field-errors";
import { TIMEFRAMES, type Timeframe } from "@/api/queries/bars";
import { useDownload } from "@/api/queries/datasets";
import { useRows } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { DateTimeField } from "@/ui/DateTimeField";
import { Dialog } from "@/ui/Dialog";
import { InstrumentField } from "@/ui/InstrumentField";
import { ProblemNote } from "@/ui/ProblemNote";
import { SelectField } from "@/ui/SelectField";

/** Fetches history from a connection into a dataset; it goes on without the screen. */
export function DownloadDataset({ onClose }: { readonly onClose: () => void }) {
  const connections = useRows<Schemas["ConnectionAnswer"]>("connections");
  const download = useDownload();
  const [connectionId, setConnectionId] = useState(connections[0]?.connection_id ?? "");
  const [instrumentId, setInstrumentId] = useState("");
  const [timeframe, setTimeframe] = useState<Timeframe>("5m");
  const [start, setStart] = useState("");
  const [end, setEnd] = useState("");
  const [isTried, setTried] = useState(false);
  const told = fieldErrors(download.error);
  const isFaulty = connectionId === "" || instrumentId === "" || start === "";

  function send(): void {
    setTried(true);
    if (isFaulty) return;
    const body = {
      connection_id: connectionId,
      instrument_id: instrumentId,
      timeframe,
      start: `${start}:00Z`,
      end: end === "" ? null : `${end}:00Z`,
    };
    download.mutate(body, { onSuccess: onClose });
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Download a dataset"
      description="Only complete bars are stored. It leaves most of the broker's rate limit to trading, and goes on after a restart."
    >
      <form
        className="flex flex-col gap-2"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <div className="grid grid-cols-2 items-start gap-2 max-sm:grid-cols-1">
          <SelectField
            label="Connection"
            value={connectionId}
            error={told.connection_id}
            onChange={(chosen) => {
              setConnectionId(chosen);
              setInstrumentId("");
            }}
          >
            {connections.map(({ connection_id }) => (
              <option key={connection_id}>{connection_id}</option>
            ))}
          </SelectField>
          <SelectField
            label="Time frame"
            value={timeframe}
            error={told.timeframe}
            onChange={(chosen) => setTimeframe(chosen as Timeframe)}
          >
            {TIMEFRAMES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </SelectField>
          <DateTimeField
            label="Start, UTC"
            value={start}
            error={isTried && start === "" ? "say from when on" : told.start}
            onChange={setStart}
          />
          <DateTimeField
            label="End, UTC"
            value={end}
            error={told.end}
            hint="empty: until now"
            onChange={setEnd}
          />
        </div>
        <InstrumentField
          label="Instrument"
          connectionId={connectionId === "" ? null : connectionId}
          chosen={instrumentId === "" ? [] : [instrumentId]}
          most={1}
          error={isTried && instrumentId === "" ? "choose an instrument" : told.instrument_id}
          onChange={([chosen]) => setInstrumentId(chosen ?? "")}
        />
        <ProblemNote error={download.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Go back</Button>
          <Button type="submit" look="accent" disabled={download.isPending}>
            Download
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
