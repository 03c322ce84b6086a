import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { fieldErrors } from "@/api/field-errors";
import { confirmSecondFactor, type SecondFactor } from "@/api/queries/account";
import { useServices } from "@/app/services";
import { Button } from "@/ui/Button";
import { Copied } from "@/ui/Copied";
import { Dialog } from "@/ui/Dialog";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { ProblemNote } from "@/ui/ProblemNote";
import { useAttempt } from "@/ui/useAttempt";

type Props = { readonly secret: SecondFactor; readonly onClose: () => void };

/** Shows the secret as a picture for the app, asks for its first code, then shows the recovery codes this once. */
export function SetUpSecondFactor({ secret, onClose }: Props) {
  const [recoveryCodes, setRecoveryCodes] = useState<readonly string[] | null>(null);
  const queries = useQueryClient();

  function close(): void {
    onClose();
    if (recoveryCodes !== null) void queries.invalidateQueries({ queryKey: ["me"] });
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && recoveryCodes === null && close()}
      title="Set up the second factor"
      description={
        recoveryCodes === null
          ? "Scan the picture with an authenticator app, then type the code that it shows."
          : "It is on. Keep these codes where the phone is not: each signs you in once when the app is lost. They are shown this once."
      }
    >
      {recoveryCodes === null ? (
        <FirstCode secret={secret} onClose={close} onConfirmed={setRecoveryCodes} />
      ) : (
        <div className="flex flex-col gap-3">
          <Copied label="Recovery codes" text={recoveryCodes.join("\n")} />
          <div className="flex justify-end">
            <Button look="accent" onClick={close}>
              I keep them safe
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

type FirstCodeProps = Props & { readonly onConfirmed: (recoveryCodes: readonly string[]) => void };

function FirstCode({ secret, onClose, onConfirmed }: FirstCodeProps) {
  const { api } = useServices();
  const [code, setCode] = useState("");
  const attempt = useAttempt();
  const told = fieldErrors(attempt.error).code;

  function submit(event: FormEvent): void {
    event.preventDefault();
    attempt.run(async () => onConfirmed(await confirmSecondFactor(api, code.replaceAll(/\s/g, ""))));
  }

  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      {/* White in both themes: readers of dark pictures are rare. */}
      <img
        src={pictureAddress(secret.qr_svg)}
        alt="The secret below, as a QR code"
        className="mx-auto size-48 rounded-sm bg-[#fff] p-2"
      />
      <Copied label="Or type it into the app" text={secret.secret} />
      <Field label="Code that the app shows" error={told}>
        {({ id, describedBy }) => (
          <input
            id={id}
            aria-describedby={describedBy}
            aria-invalid={told !== undefined}
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            onChange={(event) => setCode(event.target.value)}
            className={`font-mono ${told === undefined ? "border-line" : "border-danger"} ${FIELD_LOOK}`}
          />
        )}
      </Field>
      <ProblemNote error={attempt.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Go back</Button>
        <Button type="submit" look="accent" disabled={attempt.isRunning || code.trim() === ""}>
          Turn it on
        </Button>
      </div>
    </form>
  );
}

/** A drawing for a page as the address of a picture of its own, which must name the language it is written in. */
function pictureAddress(svg: string): string {
  const own = svg.includes("xmlns=") ? svg : svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  return `data:image/svg+xml,${encodeURIComponent(own)}`;
}
