import { type FormEvent, useState } from "react";
import { fieldErrors } from "@/api/field-errors";
import { beginSecondFactor, removeSecondFactor, type SecondFactor as Secret } from "@/api/queries/account";
import { useServices } from "@/app/services";
import { useSession } from "@/app/session";
import { Button } from "@/ui/Button";
import { LIVE, Panel } from "@/ui/Panel";
import { ProblemNote } from "@/ui/ProblemNote";
import { SecretField } from "@/ui/SecretField";
import { useAttempt } from "@/ui/useAttempt";
import { SetUpSecondFactor } from "./SetUpSecondFactor";

/** Codes of an authenticator app, asked for beside the password: set up, or taken away again. */
export function SecondFactor({ isOn }: { readonly isOn: boolean }) {
  return (
    <Panel title="Second factor" state={LIVE}>
      <div className="flex flex-col gap-3 p-3 text-sm">{isOn ? <TakeAway /> : <SetUp />}</div>
    </Panel>
  );
}

function SetUp() {
  const { api } = useServices();
  const [secret, setSecret] = useState<Secret | null>(null);
  const attempt = useAttempt();
  return (
    <>
      <p className="m-0 text-muted">
        Off. With it a password alone is not enough: signing in asks for a code of an app on your phone.
      </p>
      <ProblemNote error={attempt.error} />
      <div>
        <Button
          look="accent"
          disabled={attempt.isRunning}
          onClick={() => attempt.run(async () => setSecret(await beginSecondFactor(api)))}
        >
          Set it up
        </Button>
      </div>
      {secret !== null && <SetUpSecondFactor secret={secret} onClose={() => setSecret(null)} />}
    </>
  );
}

function TakeAway() {
  const { api } = useServices();
  const signOut = useSession((session) => session.signOut);
  const [password, setPassword] = useState("");
  const attempt = useAttempt();

  function submit(event: FormEvent): void {
    event.preventDefault();
    attempt.run(async () => {
      await removeSecondFactor(api, password);
      signOut("The second factor is taken away. Sign in with your password alone.");
    });
  }

  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <p className="m-0">
        On: signing in asks for a code of your app. Taking it away ends every session of yours.
      </p>
      <SecretField
        label="Password, to take it away"
        autoComplete="current-password"
        value={password}
        error={fieldErrors(attempt.error).password}
        onChange={setPassword}
      />
      <ProblemNote error={attempt.error} />
      <div>
        <Button type="submit" look="danger" disabled={attempt.isRunning || password === ""}>
          Take the second factor away
        </Button>
      </div>
    </form>
  );
}
