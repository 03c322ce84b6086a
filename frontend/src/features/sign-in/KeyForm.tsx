import { useState } from "react";
import { ApiProblem } from "@/api/problem";
import { tryKey } from "@/app/identity";
import { useSession } from "@/app/session";
import { SecretField } from "@/ui/SecretField";
import { useAttempt } from "@/ui/useAttempt";
import { TrialForm } from "./TrialForm";

/** Signs in by the installation's own key, or by one that was made in Settings. */
export function KeyForm({ api }: { readonly api: string }) {
  const signInByKey = useSession((session) => session.signInByKey);
  const [key, setKey] = useState("");
  const [remember, setRemember] = useState(false);
  const attempt = useAttempt();

  function submit(): void {
    const given = key.trim();
    attempt.run(async () => {
      await tryKey(api, given);
      signInByKey(given, { remember });
    });
  }

  return (
    <TrialForm
      onSubmit={submit}
      isRunning={attempt.isRunning}
      isWhole={key.trim() !== ""}
      refusal={attempt.error === null ? null : keyRefusal(attempt.error)}
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

function keyRefusal(error: Error): string {
  return error instanceof ApiProblem && error.status === 401
    ? "This is not a key of this server."
    : error.message;
}
