import { useState } from "react";
import { fieldErrors } from "@/api/field-errors";
import { TIMEFRAMES } from "@/api/queries/bars";
import { useUpload } from "@/api/queries/datasets";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { ProblemNote } from "@/ui/ProblemNote";
import { SelectField } from "@/ui/SelectField";
import { TextField } from "@/ui/TextField";
import { EMPTY_UPLOAD, REPAIRS, type UploadDraft, uploadErrors, uploadFields } from "./upload";

/** Brings a file of bars or ticks in. Bad rows are refused with row and column unless a repair is asked for. */
export function UploadDataset({ onClose }: { readonly onClose: () => void }) {
  const upload = useUpload();
  const [draft, setDraft] = useState<UploadDraft>(EMPTY_UPLOAD);
  const [isTried, setTried] = useState(false);
  const errors = { ...fieldErrors(upload.error), ...(isTried ? uploadErrors(draft) : {}) };

  function change(part: Partial<UploadDraft>): void {
    upload.reset();
    setDraft({ ...draft, ...part });
  }

  function send(): void {
    setTried(true);
    if (draft.file === null || Object.keys(uploadErrors(draft)).length > 0) return;
    upload.mutate({ file: draft.file, fields: uploadFields(draft) }, { onSuccess: onClose });
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Upload a dataset"
      description="CSV, MetaTrader 5 and Bybit exports, Parquet; gzipped or not, at most 256 MiB. Times without an offset are UTC unless a zone is named."
    >
      <form
        className="flex flex-col gap-2"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <Field label="File" error={errors.file}>
          {({ id, describedBy }) => (
            <input
              id={id}
              type="file"
              aria-describedby={describedBy}
              aria-invalid={errors.file !== undefined}
              onChange={(event) => change({ file: event.target.files?.[0] ?? null })}
              className={`${FIELD_LOOK} border-line`}
            />
          )}
        </Field>
        <div className="grid grid-cols-2 items-start gap-2 max-sm:grid-cols-1">
          <TextField
            label="Instrument"
            value={draft.instrumentId}
            error={errors.instrument_id}
            hint="such as EURUSD.MT5"
            onChange={(instrumentId) => change({ instrumentId })}
          />
          <TextField
            label="Name (optional)"
            value={draft.name}
            error={errors.name}
            hint="the file's name when empty"
            onChange={(name) => change({ name })}
          />
          <SelectField
            label="Time frame"
            value={draft.timeframe}
            error={errors.timeframe}
            onChange={(timeframe) => change({ timeframe })}
          >
            <option value="">told from the times</option>
            {TIMEFRAMES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </SelectField>
          <TextField
            label="Time zone (optional)"
            value={draft.timezone}
            error={errors.timezone}
            hint="MetaTrader 5 mostly Europe/Athens"
            onChange={(timezone) => change({ timezone })}
          />
        </div>
        <fieldset className="m-0 rounded-sm border border-line p-2">
          <legend className="px-1 text-xs text-muted">Repairs, counted and kept with the dataset</legend>
          {REPAIRS.map(({ name, words }) => (
            <label key={name} className="flex min-h-7 items-center gap-2 text-sm max-md:min-h-11">
              <input
                type="checkbox"
                checked={draft.repairs.includes(name)}
                onChange={(event) =>
                  change({
                    repairs: event.target.checked
                      ? [...draft.repairs, name]
                      : draft.repairs.filter((each) => each !== name),
                  })
                }
              />
              {words}
            </label>
          ))}
        </fieldset>
        <ProblemNote error={upload.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Go back</Button>
          <Button type="submit" look="accent" disabled={upload.isPending}>
            {upload.isPending ? "Uploading and checking" : "Upload"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
