import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { fieldErrors } from "@/api/field-errors";
import { addUser, type Role, USERS } from "@/api/queries/users";
import { useServices } from "@/app/services";
import { PASSWORD_RULE, passwordError } from "@/domain/password";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ProblemNote } from "@/ui/ProblemNote";
import { SecretField } from "@/ui/SecretField";
import { TextField } from "@/ui/TextField";
import { useAttempt } from "@/ui/useAttempt";
import { RoleField } from "./RoleField";

/** Adds a person with a first password, to be changed by that person. */
export function AddUser({ onClose }: { readonly onClose: () => void }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [isTried, setTried] = useState(false);
  const attempt = useAttempt();
  const told = fieldErrors(attempt.error);
  const weakness = isTried ? passwordError(password) : undefined;

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (passwordError(password) !== undefined) return;
    attempt.run(async () => {
      await addUser(api, { user: user.trim(), role, password });
      void queries.invalidateQueries({ queryKey: USERS });
      onClose();
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Add somebody"
      description="Hand the password over in person; it can be changed after the first sign-in, under My account."
    >
      <form onSubmit={submit} noValidate className="flex flex-col gap-3">
        <TextField
          label="Name"
          value={user}
          error={told.user}
          hint="small letters, digits, dot, dash, underscore"
          onChange={setUser}
        />
        <RoleField role={role} error={told.role} onChange={setRole} />
        <SecretField
          label="First password"
          autoComplete="new-password"
          value={password}
          error={told.password ?? weakness}
          hint={PASSWORD_RULE}
          onChange={setPassword}
        />
        <ProblemNote error={attempt.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Go back</Button>
          <Button type="submit" look="accent" disabled={attempt.isRunning || user.trim() === ""}>
            {attempt.isRunning ? "Adding" : "Add"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
