import { createContext, useContext } from "react";
import type { Me, Right } from "@/api/queries/me";

export const MeContext = createContext<Me | null>(null);

/** Who is signed in; throws outside of a signed-in page. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error("nobody is known: the page is not signed in");
  return me;
}

/** Why this page may not do what asks for a right; null = it may. The server decides: this only says it beforehand. */
export function useRefusal(right: Right | undefined): string | null {
  const me = useContext(MeContext);
  return right === undefined || me === null ? null : refusalOf(me, right);
}

const ACTS: Readonly<Record<Right, string>> = {
  read: "Reading",
  trade: "Trading",
  strategies: "Starting and stopping strategies",
  research: "Backtests and datasets",
  admin: "This",
};

/** The least role that holds a right. */
const HOLDERS: Readonly<Record<Right, Me["role"]>> = {
  read: "viewer",
  trade: "trader",
  strategies: "trader",
  research: "trader",
  admin: "admin",
};

export function refusalOf(me: Me, right: Right): string | null {
  if (me.rights.includes(right)) return null;
  const need =
    me.credential === "key" ? `an API key with the scope ${right}` : `the role ${HOLDERS[right]} or more`;
  return `${ACTS[right]} needs ${need}; ${whoWords(me)}.`;
}

/** A name for the page's head: the person, or the key that was given. */
export function nameOf(me: Me): string {
  return me.user ?? "owner";
}

function whoWords(me: Me): string {
  if (me.credential === "key") return `this key may ${me.rights.join(", ")}`;
  return `${nameOf(me)} is ${me.role}`;
}
