import { useState } from "react";
import { useNavigate } from "react-router";
import type { Schemas } from "@/api/client";
import { errorsBelow, fieldErrors } from "@/api/field-errors";
import { useStartRun } from "@/api/queries/backtests";
import { type StrategyClass, useStrategyClasses } from "@/api/queries/strategies";
import { Button } from "@/ui/Button";
import { ClassField } from "@/ui/ClassField";
import { Panel } from "@/ui/Panel";
import { ProblemNote } from "@/ui/ProblemNote";
import { queryState } from "@/ui/queryState";
import { SchemaForm } from "@/ui/SchemaForm/SchemaForm";
import { type Draft, draftOf, fieldsOf, readDraft } from "@/ui/SchemaForm/schema";
import { CostFields } from "./CostFields";
import { DataFields } from "./DataFields";
import { LimitFields } from "./LimitFields";
import { EMPTY_DRAFT, type RunDraft, runErrors, runRequest } from "./request";

/** Asks for a backtest: a strategy, history, money and costs. */
export function RunForm() {
  const classes = useStrategyClasses();
  return (
    <Panel title="New backtest" state={queryState(classes)}>
      {classes.data !== undefined && <Form classes={classes.data} />}
    </Panel>
  );
}

function Form({ classes }: { readonly classes: Schemas["StrategyClassList"] }) {
  const start = useStartRun();
  const go = useNavigate();
  const [draft, setDraft] = useState<RunDraft>(EMPTY_DRAFT);
  const [chosen, setChosen] = useState<StrategyClass | null>(null);
  const [typed, setTyped] = useState<Draft>({});
  const [isTried, setTried] = useState(false);
  const fields = chosen === null ? [] : fieldsOf(chosen.parameters);
  const reading = readDraft(fields, typed);
  const told = fieldErrors(start.error);
  const errors = { ...told, ...(isTried ? runErrors(draft) : {}) };

  function change(part: Partial<RunDraft>): void {
    start.reset();
    setDraft({ ...draft, ...part });
  }

  function choose(found: StrategyClass): void {
    setChosen(found);
    setTyped(draftOf(fieldsOf(found.parameters)));
    change({ strategy: found.name });
  }

  function send(): void {
    setTried(true);
    if (Object.keys({ ...runErrors(draft), ...reading.errors }).length > 0) return;
    start.mutate(runRequest(draft, reading.values), {
      onSuccess: ({ run_id }) => void go(`/backtest/${run_id}`),
    });
  }

  return (
    <form
      className="flex flex-col gap-3 p-2.5"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <ClassField classes={classes} chosen={chosen} error={errors.strategy} onChoose={choose} />
      {chosen !== null && (
        <fieldset className="m-0 rounded-sm border border-line p-2">
          <legend className="px-1 text-xs text-muted">Parameters of {chosen.name}</legend>
          <SchemaForm
            fields={fields}
            draft={typed}
            errors={{ ...errorsBelow(told, "parameters"), ...reading.errors }}
            onChange={(next) => {
              start.reset();
              setTyped(next);
            }}
          />
        </fieldset>
      )}
      <DataFields draft={draft} errors={errors} onChange={change} />
      <CostFields draft={draft} errors={errors} onChange={change} />
      <LimitFields draft={draft} errors={errorsBelow(errors, "limits")} onChange={change} />
      <ProblemNote error={start.error} />
      <Button type="submit" look="accent" needs="research" disabled={start.isPending}>
        {start.isPending ? "Asking" : "Run the backtest"}
      </Button>
    </form>
  );
}
