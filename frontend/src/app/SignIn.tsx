import { type FormEvent, useId, useState } from "react";
import { Button } from "@/ui/Button";
import { addressesOf, type Config } from "./config";
import { useSession } from "./session";

/** Asks for the API key and tries it before it is kept. */
export function SignIn({ config }: { readonly config: Config }) {
  const { reason, signIn } = useSession();
  const [key, setKey] = useState("");
  const [remember, setRemember] = useState(false);
  const [error, setError] = useState<string | null>(reason);
  const [isTrying, setTrying] = useState(false);
  const fieldId = useId();

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setTrying(true);
    const refusal = await refusalOf(addressesOf(config, window.location.href).api, key.trim());
    setTrying(false);
    if (refusal === null) signIn(key.trim(), { remember });
    else setError(refusal);
  }

  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <form
        onSubmit={submit}
        className="flex w-[min(26rem,100%)] flex-col gap-3 rounded-md border border-line bg-surface p-5"
      >
        <h1 className="m-0 text-lg font-semibold">Edgerunner OS</h1>
        <label htmlFor={fieldId} className="text-sm font-medium">
          API key
        </label>
        <input
          id={fieldId}
          type="password"
          autoComplete="current-password"
          required
          value={key}
          onChange={(event) => setKey(event.target.value)}
          className="rounded-sm border border-line bg-raised px-2 py-1.5 font-mono"
        />
        <p className="m-0 text-sm text-muted">
          The server made it on its first start: it stands in the file <code>api_key</code> of its data
          folder, and <code>edgerunner up</code> prints where that is.
        </p>
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" checked={remember} onChange={(event) => setRemember(event.target.checked)} />
          Remember it in this browser
        </label>
        {error !== null && (
          <p role="alert" className="m-0 text-sm text-danger">
            {error}
          </p>
        )}
        <Button type="submit" look="accent" disabled={isTrying || key.trim() === ""}>
          {isTrying ? "Trying it" : "Sign in"}
        </Button>
      </form>
    </main>
  );
}

async function refusalOf(api: string, key: string): Promise<string | null> {
  try {
    const answer = await fetch(`${api}/broker/connections`, { headers: { Authorization: `Bearer ${key}` } });
    if (answer.ok) return null;
    return answer.status === 401 ? "This is not the server's key." : `The server answered ${answer.status}.`;
  } catch {
    return "The server does not answer.";
  }
}
