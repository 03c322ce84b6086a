import { create } from "zustand";

/** What was given for a password: a short-lived token, and one to get the next with, good for a single use. */
export type Tokens = {
  readonly access: string;
  readonly refresh: string;
  /** When the access token ends, by the server's clock. */
  readonly expiresAt: string;
};

/** What this page proves itself with. */
export type Proof =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "tokens"; readonly tokens: Tokens };

type Session = {
  readonly proof: Proof | null;
  /** Why the screen asks who is there again. */
  readonly reason: string | null;
  readonly signInByKey: (key: string, options: { remember: boolean }) => void;
  readonly signInByTokens: (tokens: Tokens) => void;
  readonly signOut: (reason?: string) => void;
};

const KEY_PLACE = "edgerunner.key";
const TOKENS_PLACE = "edgerunner.tokens";

/**
 * Who is signed in. Nothing of it ever stands in an address.
 *
 * A key is kept for the tab, or for the browser when asked to. Tokens live in memory; they lie in the tab's storage
 * only between two pages of it, so that a reload goes on. No storage holds a copy of what a page uses: a duplicated
 * tab cannot spend the refresh token a second time, which would end the session for both.
 */
export const useSession = create<Session>((set) => ({
  proof: storedProof(),
  reason: null,
  signInByKey(key, { remember }) {
    (remember ? localStorage : sessionStorage).setItem(KEY_PLACE, key);
    set({ proof: { kind: "key", key }, reason: null });
  },
  signInByTokens(tokens) {
    set({ proof: { kind: "tokens", tokens }, reason: null });
  },
  signOut(reason) {
    forgetKey();
    set({ proof: null, reason: reason ?? null });
  },
}));

function forgetKey(): void {
  sessionStorage.removeItem(KEY_PLACE);
  localStorage.removeItem(KEY_PLACE);
}

function storedProof(): Proof | null {
  const tokens = takeTokens();
  if (tokens !== null) return { kind: "tokens", tokens };
  const key = sessionStorage.getItem(KEY_PLACE) ?? localStorage.getItem(KEY_PLACE);
  return key === null ? null : { kind: "key", key };
}

/** Take the tokens that the page before left; what is there belongs to one page. */
function takeTokens(): Tokens | null {
  const left = sessionStorage.getItem(TOKENS_PLACE);
  sessionStorage.removeItem(TOKENS_PLACE);
  return left === null ? null : (JSON.parse(left) as Tokens);
}

function leaveTokens(): void {
  const { proof } = useSession.getState();
  if (proof?.kind === "tokens") sessionStorage.setItem(TOKENS_PLACE, JSON.stringify(proof.tokens));
}

/** A page that the browser woke again: the page that was shown in between left its newer tokens, or signed out. */
function wake(event: PageTransitionEvent): void {
  if (!event.persisted || useSession.getState().proof?.kind !== "tokens") return;
  const tokens = takeTokens();
  useSession.setState({ proof: tokens === null ? null : { kind: "tokens", tokens } });
}

/** Hand the tokens on to the tab's next page; returns the end of it. */
export function keepOverReloads(page: Window): () => void {
  page.addEventListener("pagehide", leaveTokens);
  page.addEventListener("pageshow", wake);
  return () => {
    page.removeEventListener("pagehide", leaveTokens);
    page.removeEventListener("pageshow", wake);
  };
}
