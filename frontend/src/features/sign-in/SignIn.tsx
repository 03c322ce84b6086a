import { addressesOf, type Config } from "@/app/config";
import { useSession } from "@/app/session";
import { useUi } from "@/app/ui-state";
import { Choice } from "@/ui/Choice";
import { KeyForm } from "./KeyForm";
import { PasswordForm } from "./PasswordForm";

const WAYS = [
  { name: "password", label: "Name and password" },
  { name: "key", label: "Key" },
] as const;

/** Asks who is there, by a name with its password or by a key, and tries it before anything is kept. */
export function SignIn({ config }: { readonly config: Config }) {
  const { signInWay, set } = useUi();
  const reason = useSession((session) => session.reason);
  const { api } = addressesOf(config, window.location.href);
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="flex w-[min(26rem,100%)] flex-col gap-4 rounded-md border border-line bg-surface p-5">
        <h1 className="m-0 text-lg font-semibold">Edgerunner OS</h1>
        {reason !== null && (
          <p role="status" className="m-0 rounded-sm border border-line bg-raised p-2 text-sm">
            {reason}
          </p>
        )}
        <Choice
          legend="How to sign in"
          options={WAYS}
          chosen={signInWay}
          onChoose={(way) => set({ signInWay: way })}
        />
        {signInWay === "key" ? <KeyForm api={api} /> : <PasswordForm api={api} />}
      </div>
    </main>
  );
}
