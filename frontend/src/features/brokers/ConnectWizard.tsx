import { type FormEvent, useState } from "react";
import { useServices } from "@/app/services";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ProblemText } from "@/ui/ProblemText";
import { BROKERS } from "./broker-terms";
import { ConnectOutcome } from "./ConnectOutcome";
import { useConnectAttempt } from "./useConnectAttempt";
import { WizardChoices } from "./WizardChoices";
import { WizardField } from "./WizardField";
import {
  asksForAccount,
  environmentRefusal,
  errorsOf,
  fieldsOf,
  requestOf,
  type WizardDraft,
  type WizardErrors,
  wayOf,
} from "./wizard-request";

type Props = {
  readonly first: WizardDraft;
  /** The connection that is made again; null for a new one. */
  readonly replaces: string | null;
  readonly onClose: () => void;
};

const NO_ERRORS: WizardErrors = { fields: {}, others: [] };

/** Connects a broker: choices, credentials, a real try, and what the broker reported. */
export function ConnectWizard({ first, replaces, onClose }: Props) {
  const { config } = useServices();
  const [draft, setDraft] = useState(first);
  const { attempt, start } = useConnectAttempt();
  const problem = attempt.phase === "refused" ? attempt.problem : null;
  const errors = problem === null ? NO_ERRORS : errorsOf(draft, problem.errors);
  const refusal = environmentRefusal(draft.environment, draft.execution, config.live_allowed);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (await start(requestOf(draft), replaces)) setDraft({ ...draft, values: {} });
  }

  if (attempt.phase === "connected")
    return <ConnectOutcome connected={attempt.connection} onClose={onClose} />;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={replaces === null ? "Connect a broker" : `Connect ${replaces} again`}
      description={
        replaces === null
          ? "It is tried before it is kept: the server logs in and shows what the broker reports."
          : "The connection is removed first and its credentials are forgotten; then it is made anew. Orders and fills stay in the journal."
      }
    >
      <form onSubmit={submit} autoComplete="off" className="flex flex-col gap-4">
        <WizardChoices
          draft={draft}
          isLiveAllowed={config.live_allowed}
          errors={errors.fields}
          isAgain={replaces !== null}
          onChange={setDraft}
        />
        <Access draft={draft} errors={errors} onChange={setDraft} />
        {problem !== null && Object.keys(errors.fields).length === 0 && <ProblemText error={problem} />}
        {errors.others.map((text) => (
          <p key={text} role="alert" className="m-0 text-sm text-danger">
            {text}
          </p>
        ))}
        {Object.keys(errors.fields).length > 0 && (
          <p role="alert" className="m-0 text-sm text-danger">
            Not connected: look at the marked fields.
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Go back</Button>
          <Button
            type="submit"
            look="accent"
            needs="admin"
            disabled={attempt.phase === "trying" || refusal !== null}
          >
            {attempt.phase === "trying" ? "Logging in" : "Try to connect"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type AccessProps = {
  readonly draft: WizardDraft;
  readonly errors: WizardErrors;
  readonly onChange: (draft: WizardDraft) => void;
};

/** What the broker needs to know: its fields, with the steps that are done at the broker itself. */
function Access({ draft, errors, onChange }: AccessProps) {
  const { ways } = BROKERS[draft.broker];
  const { main, more } = fieldsOf(draft);
  const asks = asksForAccount(draft);
  const way = wayOf(draft);
  const field = (terms: (typeof main)[number]) => (
    <WizardField
      key={terms.name}
      terms={terms}
      value={draft.values[terms.name]}
      error={errors.fields[terms.name]}
      onChange={(value) => onChange({ ...draft, values: { ...draft.values, [terms.name]: value } })}
    />
  );
  return (
    <>
      {asks && ways.length > 1 && (
        <div
          role="radiogroup"
          aria-label="How to reach it"
          className="flex flex-wrap gap-x-4 gap-y-1 text-sm"
        >
          {ways.map(({ key, word }) => (
            <label key={key} className="flex min-h-7 items-center gap-2 max-md:min-h-11">
              <input
                type="radio"
                name="way"
                checked={key === way?.key}
                onChange={() => onChange({ ...draft, way: key, values: {} })}
              />
              {word}
            </label>
          ))}
        </div>
      )}
      {asks && way !== null && (
        <details className="rounded-sm border border-line bg-raised px-2.5 py-1.5 text-sm" open>
          <summary className="cursor-pointer py-0.5">Before: at {BROKERS[draft.broker].word}</summary>
          <ol className="mt-1 mb-1 flex list-decimal flex-col gap-1 pl-5 text-muted">
            {way.hints.map((hint) => (
              <li key={hint}>{hint}</li>
            ))}
          </ol>
        </details>
      )}
      {main.length > 0 && <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">{main.map(field)}</div>}
      {more.length > 0 && asks && (
        <details className="text-sm">
          <summary className="cursor-pointer py-1">Further options</summary>
          <div className="mt-1 grid grid-cols-2 gap-3 max-sm:grid-cols-1">{more.map(field)}</div>
        </details>
      )}
      {asks && (
        <p className="m-0 text-xs text-muted">
          Credentials go to the server, which keeps them encrypted. This browser does not keep them, and they
          are never shown again.
        </p>
      )}
    </>
  );
}
