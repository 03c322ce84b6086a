import { create } from "zustand";

const PLACE = "edgerunner.key";

type Session = {
  readonly key: string | null;
  /** Why the screen asks for a key again. */
  readonly reason: string | null;
  readonly signIn: (key: string, options: { remember: boolean }) => void;
  readonly signOut: (reason?: string) => void;
};

function storedKey(): string | null {
  return sessionStorage.getItem(PLACE) ?? localStorage.getItem(PLACE);
}

/** The API key of this page: kept for the tab, or for the browser when asked to. Never in an address. */
export const useSession = create<Session>((set) => ({
  key: storedKey(),
  reason: null,
  signIn(key, { remember }) {
    (remember ? localStorage : sessionStorage).setItem(PLACE, key);
    set({ key, reason: null });
  },
  signOut(reason) {
    sessionStorage.removeItem(PLACE);
    localStorage.removeItem(PLACE);
    set({ key: null, reason: reason ?? null });
  },
}));
