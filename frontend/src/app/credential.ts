import type { Credential } from "@/api/credential";
import { isRefusal, refresh } from "./identity";
import { type Proof, type Tokens, useSession } from "./session";

export const KEY_REFUSED = "The server does not accept this key any more.";
export const SESSION_ENDED =
  "Your session has ended. Sign in again: orders, strategies and connections went on meanwhile.";

/** Tokens are renewed this long before they end, ms; one that ends earlier is renewed when it is refused. */
const EARLY_MS = 60_000;
/** A clock of this computer that is wrong must not make it ask all the time. */
const SHORTEST_WAIT_MS = 30_000;

/** The credential of the signed-in page. One refresh runs at a time, whoever asks for it. */
export function createCredential(api: string): Credential {
  let running: Promise<string | null> | null = null;

  async function refreshed(tokens: Tokens): Promise<string | null> {
    let newer: Tokens;
    try {
      newer = await refresh(api, tokens.refresh);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (isStill(tokens)) useSession.getState().signOut(SESSION_ENDED);
      return null;
    }
    if (!isStill(tokens)) return null;
    useSession.getState().signInByTokens(newer);
    return newer.access;
  }

  return {
    token: () => tokenOf(useSession.getState().proof),
    async renewed(refused) {
      const { proof, signOut } = useSession.getState();
      if (proof === null) return null;
      if (tokenOf(proof) !== refused) return tokenOf(proof);
      if (proof.kind === "key") {
        signOut(KEY_REFUSED);
        return null;
      }
      running ??= refreshed(proof.tokens).finally(() => {
        running = null;
      });
      return running;
    },
  };
}

function tokenOf(proof: Proof | null): string {
  if (proof === null) return "";
  return proof.kind === "key" ? proof.key : proof.tokens.access;
}

/** Nobody signed out or in while an answer was on its way. */
function isStill(tokens: Tokens): boolean {
  const { proof } = useSession.getState();
  return proof?.kind === "tokens" && proof.tokens === tokens;
}

/** Milliseconds until tokens should be renewed, by this computer's clock. */
export function waitOf(expiresAt: string, nowMs: number): number {
  return Math.max(SHORTEST_WAIT_MS, Date.parse(expiresAt) - nowMs - EARLY_MS);
}

/** Renew tokens before they end for as long as the page is signed in; returns the end of it. */
export function renewInTime(credential: Credential): () => void {
  let timer: number | undefined;
  let watched: Tokens | null = null;

  function wait({ proof }: { readonly proof: Proof | null }): void {
    const tokens = proof?.kind === "tokens" ? proof.tokens : null;
    if (tokens === watched) return;
    watched = tokens;
    window.clearTimeout(timer);
    if (tokens !== null) timer = window.setTimeout(() => renew(tokens), waitOf(tokens.expiresAt, Date.now()));
  }

  /** A server that does not answer now is asked again: the token still holds, and a refused one renews itself. */
  function renew(tokens: Tokens): void {
    credential.renewed(tokens.access).catch(() => {
      if (tokens === watched) timer = window.setTimeout(() => renew(tokens), SHORTEST_WAIT_MS);
    });
  }

  const unsubscribe = useSession.subscribe(wait);
  wait(useSession.getState());
  return () => {
    unsubscribe();
    window.clearTimeout(timer);
  };
}
