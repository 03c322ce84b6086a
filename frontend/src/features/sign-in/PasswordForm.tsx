import { useState } from "react";
import { ApiProblem } from "@/api/problem";
import { logIn } from "@/app/identity";
import { useSession } from "@/app/session";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { SecretField } from "@/ui/SecretField";
import { useAttempt } from "@/ui/useAttempt";
import { TrialForm } from "./TrialForm";

/** Signs in by a name and its password; asks for a second factor when the server does. */
export function PasswordForm({ api }: { readonly api: string }) {
  const signInByTokens = useSession((session) => session.signInByTokens);
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | null>(null);
  const attempt = useAttempt();
  const isCodeAsked = code !== null;

  function submit(): void {
    attempt.run(async () => {
      try {
        signInByTokens(await logIn(api, user.trim(), password, code === null ? null : code.trim()));
      } catch (error) {
        if (!isSecondFactorAsked(error) || isCodeAsked) throw error;
        setCode("");
      }
    });
  }

  return (
    <TrialForm
      onSubmit={submit}
      isRunning={attempt.isRunning}
      isWhole={user.trim() !== "" && password !== "" && code !== ""}
      refusal={attempt.error === null ? null : passwordRefusal(attempt.error, isCodeAsked)}
    >
      <Field label="Name">
        {({ id }) => (
          <input
            id={id}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            value={user}
            onChange={(event) => setUser(event.target.value)}
            className={`border-line ${FIELD_LOOK}`}
          />
        )}
      </Field>
      <SecretField label="Password" autoComplete="current-password" value={password} onChange={setPassword} />
      {code !== null && <CodeField value={code} onChange={setCode} />}
    </TrialForm>
  );
}

function CodeField({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (code: string) => void;
}) {
  return (
    <Field label="Code" hint="Six digits of your authenticator app, or one of your recovery codes.">
      {({ id, describedBy }) => (
        <input
          id={id}
          aria-describedby={describedBy}
          // biome-ignore lint/a11y/noAutofocus: it appears because the form was sent, and is all that is missing
          autoFocus
          autoComplete="one-time-code"
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className={`border-line font-mono ${FIELD_LOOK}`}
        />
      )}
    </Field>
  );
}

function isSecondFactorAsked(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === "second_factor_required";
}

function passwordRefusal(error: Error, isCodeAsked: boolean): string {
  if (!(error instanceof ApiProblem) || error.status !== 401) return error.message;
  return isCodeAsked
    ? "Name, password and code do not belong together."
    : "Name and password do not belong together.";
}
