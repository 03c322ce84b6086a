import { addressesOf } from "@/app/config";
import { logOut } from "@/app/identity";
import { useServices } from "@/app/services";
import { useSession } from "@/app/session";
import { Button } from "@/ui/Button";
import { LIVE, Panel } from "@/ui/Panel";

/** Ends the session of this browser. */
export function SignOut() {
  const kind = useSession((session) => session.proof?.kind);
  const signOut = useSignOut();
  return (
    <Panel title="Session" state={LIVE}>
      <div className="flex flex-col items-start gap-3 p-3 text-sm">
        <p className="m-0 text-muted">
          {kind === "key"
            ? "This browser keeps the key for this tab, or until you sign out if you asked to remember it."
            : "This sign-in belongs to this tab; closing it forgets you."}{" "}
          Orders, strategies and connections go on without the screen.
        </p>
        <Button onClick={() => void signOut()}>Sign out</Button>
      </div>
    </Panel>
  );
}

/** Forget who is here, then tell the server; says so when the server could not be told. */
function useSignOut(): () => Promise<void> {
  const { config } = useServices();
  return async () => {
    const { proof, signOut } = useSession.getState();
    signOut();
    if (proof?.kind !== "tokens") return;
    try {
      await logOut(addressesOf(config, window.location.href).api, proof.tokens.access);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (useSession.getState().proof === null)
        signOut(`Signed out here. The server was not told (${why}): there the session ends by itself.`);
    }
  };
}
