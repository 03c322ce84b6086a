import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { fieldErrors } from "@/api/field-errors";
import { API_KEYS, makeApiKey } from "@/api/queries/api-keys";
import { useMe } from "@/app/access";
import { useServices } from "@/app/services";
import { Button } from "@/ui/Button";
import { Copied } from "@/ui/Copied";
import { Dialog } from "@/ui/Dialog";
import { ProblemNote } from "@/ui/ProblemNote";
import { SelectField } from "@/ui/SelectField";
import { TextField } from "@/ui/TextField";
import { useAttempt } from "@/ui/useAttempt";
import { FIRST_KEY, type KeyDraft, keyErrors, keyRequest, LIFETIMES, SCOPES } from "./draft";

/** Makes an API key and shows it this once. */
export function MakeApiKey({ onClose }: { readonly onClose: () => void }) {
  const [key, setKey] = useState<string | null>(null);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && key === null && onClose()}
      title="New API key"
      description={
        key === null
          ? "For a program of yours. It can do what you choose here, and never more than you can."
          : "Copy it now: it is shown this once, and no call shows it again."
      }
    >
      {key === null ? (
        <KeyForm onClose={onClose} onMade={setKey} />
      ) : (
        <div className="flex flex-col gap-3">
          <Copied label="API key" text={key} />
          <div className="flex justify-end">
            <Button look="accent" onClick={onClose}>
              I have copied it
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

type FormProps = { readonly onClose: () => void; readonly onMade: (key: string) => void };

function KeyForm({ onClose, onMade }: FormProps) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<KeyDraft>(FIRST_KEY);
  const [isTried, setTried] = useState(false);
  const attempt = useAttempt();
  const errors = { ...fieldErrors(attempt.error), ...(isTried ? keyErrors(draft) : {}) };
  const change = (part: Partial<KeyDraft>) => setDraft({ ...draft, ...part });

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (Object.keys(keyErrors(draft)).length > 0) return;
    attempt.run(async () => {
      const made = await makeApiKey(api, keyRequest(draft, Date.now()));
      void queries.invalidateQueries({ queryKey: API_KEYS });
      onMade(made.key);
    });
  }

  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-3">
      <TextField
        label="What it is for"
        value={draft.name}
        error={errors.name}
        onChange={(name) => change({ name })}
      />
      <ScopeFields scopes={draft.scopes} error={errors.scopes} onChange={(scopes) => change({ scopes })} />
      <SelectField
        label="Ends"
        value={String(draft.days)}
        error={errors.expires_at}
        onChange={(days) => change({ days: days === "null" ? null : Number(days) })}
      >
        {LIFETIMES.map(([words, days]) => (
          <option key={words} value={String(days)}>
            {words}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Only from these addresses (optional)"
        value={draft.allowedIps}
        error={errors.allowed_ips}
        hint="such as 203.0.113.7, 10.0.0.0/8; from everywhere when empty"
        onChange={(allowedIps) => change({ allowedIps })}
      />
      <ProblemNote error={attempt.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Go back</Button>
        <Button type="submit" look="accent" disabled={attempt.isRunning}>
          {attempt.isRunning ? "Making it" : "Make the key"}
        </Button>
      </div>
    </form>
  );
}

type ScopeProps = {
  readonly scopes: KeyDraft["scopes"];
  readonly error: string | undefined;
  readonly onChange: (scopes: KeyDraft["scopes"]) => void;
};

/** The rights that the person has: a key cannot have others. */
function ScopeFields({ scopes, error, onChange }: ScopeProps) {
  const me = useMe();
  const own = SCOPES.filter(([right]) => me.rights.includes(right));
  return (
    <fieldset className="m-0 min-w-0 rounded-sm border border-line p-2">
      <legend className="px-1 text-xs text-muted">What it may do</legend>
      {own.map(([right, words]) => (
        <label key={right} className="flex min-h-7 items-center gap-2 text-sm max-md:min-h-11">
          <input
            type="checkbox"
            checked={scopes.includes(right)}
            onChange={(event) =>
              onChange(event.target.checked ? [...scopes, right] : scopes.filter((each) => each !== right))
            }
          />
          <span>
            {right} <span className="text-muted">{words}</span>
          </span>
        </label>
      ))}
      {error !== undefined && <p className="m-0 text-xs text-danger">{`\u26a0 ${error}`}</p>}
    </fieldset>
  );
}
