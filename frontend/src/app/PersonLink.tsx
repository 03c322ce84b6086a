import { UserRound } from "lucide-react";
import { Link } from "react-router";
import { nameOf, useMe } from "./access";

/** Who is signed in and as what; nothing for the owner alone at home, who may do everything. */
export function PersonLink() {
  const me = useMe();
  if (me.credential === "owner") return null;
  const mayTrade = me.rights.includes("trade");
  return (
    <Link
      to="/settings/account"
      title={`Signed in as ${nameOf(me)}, ${me.role}: ${me.rights.join(", ")}`}
      className="flex min-h-7 items-center gap-1 rounded-sm px-1.5 text-sm text-muted no-underline hover:text-ink max-md:min-h-11"
    >
      <UserRound size={16} aria-hidden />
      <span className="max-md:sr-only">{nameOf(me)}</span>
      <span
        className={`text-xs ${mayTrade ? "max-md:sr-only" : "rounded-sm border border-warn px-1 font-semibold text-warn"}`}
      >
        {mayTrade ? me.role : "read only"}
      </span>
    </Link>
  );
}
