import { type FormEvent, type ReactNode, useState } from "react";
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

/** One try at a time, with what went wrong in the last one. */
export function useTrial() {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function run(attempt: () => Promise<void>): Promise<void> {
    setRunning(true);
    setError(null);
    try {
      await attempt();
    } catch (failure) {
      setError(failure);
    } finally {
      setRunning(false);
    }
  }

  return { isRunning, error, run: (attempt: () => Promise<void>) => void run(attempt) };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
