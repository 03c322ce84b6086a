import type { FormEvent, ReactNode } from "react";
import { Button } from "@/ui/Button";

type TrialFormProps = {
  readonly onSubmit: () => void;
  readonly isRunning: boolean;
  readonly isWhole: boolean;
  readonly refusal: string | null;
  readonly children: ReactNode;
};

/** A form whose one button tries what was given. */
export function TrialForm({ onSubmit, isRunning, isWhole, refusal, children }: TrialFormProps) {
  function submit(event: FormEvent): void {
    event.preventDefault();
    onSubmit();
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      {children}
      {refusal !== null && (
        <p role="alert" className="m-0 text-sm text-danger">
          {refusal}
        </p>
      )}
      <Button type="submit" look="accent" disabled={isRunning || !isWhole}>
        {isRunning ? "Trying it" : "Sign in"}
      </Button>
    </form>
  );
}
