import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { fieldErrors } from "@/api/field-errors";
import { patchUser, USERS, type User, type UserChange } from "@/api/queries/users";
import { useServices } from "@/app/services";
import { PASSWORD_RULE, passwordError } from "@/domain/password";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ProblemNote } from "@/ui/ProblemNote";
import { SecretField } from "@/ui/SecretField";
import { useAttempt } from "@/ui/useAttempt";
import { RoleField } from "./RoleField";

type Props = { readonly user: User; readonly onClose: () => void };

/** Changes a person's role, or helps somebody who has lost the password or the phone. */
export function ChangeUser({ user, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [role, setRole] = useState(user.role);
  const [password, setPassword] = useState("");
  const [resetsFactor, setResetsFactor] = useState(false);
  const [isTried, setTried] = useState(false);
  const attempt = useAttempt();
  const told = fieldErrors(attempt.error);
  const weakness = password === "" ? undefined : passwordError(password);
  const change: UserChange = {
    ...(role === user.role ? {} : { role }),
    ...(password === "" ? {} : { password }),
    ...(resetsFactor ? { reset_totp: true } : {}),
  };

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (weakness !== undefined) return;
    attempt.run(async () => {
      await patchUser(api, user.user, change);
      void queries.invalidateQueries({ queryKey: USERS });
      onClose();
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Change ${user.user}`}
      description="Every change ends every session of that person at once."
    >
      <form onSubmit={submit} noValidate className="flex flex-col gap-3">
        <RoleField role={role} error={told.role} onChange={setRole} />
        <SecretField
          label="New password (optional)"
          autoComplete="new-password"
          value={password}
          error={told.password ?? (isTried ? weakness : undefined)}
          hint={PASSWORD_RULE}
          onChange={setPassword}
        />
        {user.totp_enabled && (
          <label className="flex min-h-7 items-center gap-2 text-sm max-md:min-h-11">
            <input
              type="checkbox"
              checked={resetsFactor}
              onChange={(event) => setResetsFactor(event.target.checked)}
            />
            Take the second factor away: phone and recovery codes are lost
          </label>
        )}
        <ProblemNote error={attempt.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Go back</Button>
          <Button
            type="submit"
            look="accent"
            disabled={attempt.isRunning || Object.keys(change).length === 0}
          >
            {attempt.isRunning ? "Changing" : "Change"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
