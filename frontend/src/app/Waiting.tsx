import { Button } from "@/ui/Button";
import { ProblemText } from "@/ui/ProblemText";
import { useSession } from "./session";

type Props = { readonly error: Error | null; readonly onRetry: () => void };

/** Stands where the screen will be until the server has told who is signed in, and says why when it does not. */
export function Waiting({ error, onRetry }: Props) {
  const signOut = useSession((session) => session.signOut);
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      {error === null ? (
        <p role="status" className="text-sm text-muted">
          Signing in
        </p>
      ) : (
        <div className="flex max-w-[26rem] flex-col gap-3 rounded-md border border-line bg-surface p-5">
          <ProblemText error={error} />
          <div className="flex gap-2">
            <Button look="accent" onClick={onRetry}>
              Try again
            </Button>
            <Button onClick={() => signOut()}>Sign in anew</Button>
          </div>
        </div>
      )}
    </main>
  );
}
