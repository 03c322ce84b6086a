import { useState } from "react";
import type { Schemas } from "@/api/client";
import { errorsBelow, fieldErrors } from "@/api/field-errors";
import { type StrategyClass, useCreateStrategy, useStrategyClasses } from "@/api/queries/strategies";
import { useRows } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { ClassField } from "@/ui/ClassField";
import { Dialog } from "@/ui/Dialog";
import { ProblemNote } from "@/ui/ProblemNote";
import { SchemaForm } from "@/ui/SchemaForm/SchemaForm";
import { type Draft, draftOf, fieldsOf, readDraft } from "@/ui/SchemaForm/schema";
import { type CreateDraft, createErrors, createRequest, instrumentError } from "./create";
import { PlaceFields } from "./PlaceFields";

type Connection = Schemas["ConnectionAnswer"];

/** Makes a strategy from a class; it does not run until it is started. */
export function CreateStrategy({ onClose }: { readonly onClose: () => void }) {
  const classes = useStrategyClasses();
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="New strategy"
      description="It is made only: nothing is traded until you start it."
    >
      <ProblemNote error={classes.error} />
      {classes.isPending && <p role="status">Loading the classes</p>}
      {classes.data !== undefined && <Form classes={classes.data} onClose={onClose} />}
    </Dialog>
  );
}

type FormProps = {
  readonly classes: Schemas["StrategyClassList"];
  readonly onClose: () => void;
};

function Form({ classes, onClose }: FormProps) {
  const connections = useRows<Connection>("connections");
  const create = useCreateStrategy();
  const [draft, setDraft] = useState<CreateDraft>(() => emptyDraft(connections[0]));
  const [chosen, setChosen] = useState<StrategyClass | null>(null);
  const [typed, setTyped] = useState<Draft>({});
  const [isTried, setTried] = useState(false);
  const fields = chosen === null ? [] : fieldsOf(chosen.parameters);
  const reading = readDraft(fields, typed);
  const told = fieldErrors(create.error);
  const own = isTried ? createErrors(draft) : {};
  const errors = { ...told, ...own };

  function change(part: Partial<CreateDraft>): void {
    create.reset();
    setDraft({ ...draft, ...part });
  }

  function choose(found: StrategyClass): void {
    setChosen(found);
    setTyped(draftOf(fieldsOf(found.parameters)));
    change({ className: found.name });
  }

  function send(): void {
    setTried(true);
    const isFaulty = Object.keys({ ...createErrors(draft), ...reading.errors }).length > 0;
    if (!isFaulty) create.mutate(createRequest(draft, reading.values), { onSuccess: onClose });
  }

  return (
    <form
      className="flex flex-col gap-3"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <ClassField classes={classes} chosen={chosen} error={errors.class} onChoose={choose} />
      <PlaceFields
        draft={draft}
        connections={connections}
        errors={{ ...errors, ...instrumentNamed(errors) }}
        onChange={change}
      />
      {chosen !== null && (
        <fieldset className="m-0 rounded-sm border border-line p-2">
          <legend className="px-1 text-xs text-muted">Parameters of {chosen.name}</legend>
          <SchemaForm
            fields={fields}
            draft={typed}
            errors={{ ...errorsBelow(told, "parameters"), ...reading.errors }}
            onChange={(next) => {
              create.reset();
              setTyped(next);
            }}
          />
        </fieldset>
      )}
      <ProblemNote error={create.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Go back</Button>
        <Button type="submit" look="accent" disabled={create.isPending}>
          {create.isPending ? "Making it" : "Make the strategy"}
        </Button>
      </div>
    </form>
  );
}

function instrumentNamed(errors: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const message = instrumentError(errors);
  return message === undefined ? {} : { instrument_ids: message };
}

function emptyDraft(connection: Connection | undefined): CreateDraft {
  return {
    strategyId: "",
    className: "",
    connectionId: connection?.connection_id ?? "",
    accountId: "",
    instruments: [],
    timeframe: "1m",
    onStop: "cancel",
  };
}
