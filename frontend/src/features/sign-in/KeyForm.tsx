import { useState } from "react";
import { ApiProblem } from "@/api/problem";
import { tryKey } from "@/app/identity";
import { useSession } from "@/app/session";
import { SecretField } from "@/ui/SecretField";
import { messageOf, TrialForm, useTrial } from "./Trial";

/** Signs in by the installation's own key, or by one that was made in Settings. */
export function KeyForm({ api }: { readonly api: string }) {
  const signInByKey = useSession((session) => session.signInByKey);
  const [key, setKey] = useState("");
  const [remember, setRemember] = useState(false);
  const trial = useTrial();

  function submit(): void {
    const given = key.trim();
    trial.run(async () => {
      await tryKey(api, given);
      signInByKey(given, { remember });
    });
  }

  return (
    <TrialForm
      onSubmit={submit}
      isRunning={trial.isRunning}
      isWhole={key.trim() !== ""}
      refusal={trial.error === null ? null : keyRefusal(trial.error)}
    >
      <SecretField label="API key" autoComplete="off" value={key} onChange={setKey} />
      <p className="m-0 text-sm text-muted">
        The server made it on its first start: it stands in the file <code>api_key</code> of its data folder,
        and <code>edgerunner up</code> prints where that is. A key that was made in Settings works too.
      </p>
      <label className="flex min-h-7 items-center gap-2 text-sm max-md:min-h-11">
        <input type="checkbox" checked={remember} onChange={(event) => setRemember(event.target.checked)} />
        Remember it in this browser
      </label>
    </TrialForm>
  );
}

function keyRefusal(error: unknown): string {
  return error instanceof ApiProblem && error.status === 401
    ? "This is not a key of this server."
    : messageOf(error);
}
