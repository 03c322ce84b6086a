import { useState } from "react";

/** One act at a time, and what went wrong in the last one. What is handed to it, secrets among it, is kept nowhere. */
export function useAttempt() {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  async function attempt(act: () => Promise<void>): Promise<void> {
    setRunning(true);
    setError(null);
    try {
      await act();
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    } finally {
      setRunning(false);
    }
  }

  return { isRunning, error, run: (act: () => Promise<void>) => void attempt(act) };
}
