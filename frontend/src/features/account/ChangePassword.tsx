import { type FormEvent, useState } from "react";
import { fieldErrors } from "@/api/field-errors";
import { changePassword } from "@/api/queries/account";
import { useServices } from "@/app/services";
import { useSession } from "@/app/session";
import { PASSWORD_RULE, passwordError } from "@/domain/password";
import { Button } from "@/ui/Button";
import { LIVE, Panel } from "@/ui/Panel";
import { ProblemNote } from "@/ui/ProblemNote";
import { SecretField } from "@/ui/SecretField";
import { useAttempt } from "@/ui/useAttempt";

const NOTHING = { current: "", next: "", again: "" };

/** Changes the password of who is signed in; every session of that person ends with it. */
export function ChangePassword() {
  const { api } = useServices();
  const signOut = useSession((session) => session.signOut);
  const [typed, setTyped] = useState(NOTHING);
  const [isTried, setTried] = useState(false);
  const attempt = useAttempt();
  const told = fieldErrors(attempt.error);
  const nextError = passwordError(typed.next);
  const againError = typed.again === typed.next ? undefined : "is not the same";

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (nextError !== undefined || againError !== undefined) return;
    attempt.run(async () => {
      await changePassword(api, typed.current, typed.next);
      signOut("The password is changed. Sign in with the new one.");
    });
  }

  return (
    <Panel title="Password" state={LIVE}>
      <form onSubmit={submit} className="flex flex-col gap-2 p-3">
        <SecretField
          label="Password now"
          autoComplete="current-password"
          value={typed.current}
          error={told.current}
          onChange={(current) => setTyped({ ...typed, current })}
        />
        <SecretField
          label="New password"
          autoComplete="new-password"
          value={typed.next}
          error={told.new ?? (isTried ? nextError : undefined)}
          hint={PASSWORD_RULE}
          onChange={(next) => setTyped({ ...typed, next })}
        />
        <SecretField
          label="New password again"
          autoComplete="new-password"
          value={typed.again}
          error={isTried ? againError : undefined}
          onChange={(again) => setTyped({ ...typed, again })}
        />
        <p className="m-0 text-xs text-muted">
          Every session of yours ends with it, this one and those on other machines.
        </p>
        <ProblemNote error={attempt.error} />
        <div>
          <Button type="submit" look="accent" disabled={attempt.isRunning || typed.current === ""}>
            {attempt.isRunning ? "Changing it" : "Change the password"}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
