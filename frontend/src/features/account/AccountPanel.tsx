import { nameOf, useMe } from "@/app/access";
import { dateTime } from "@/domain/format";
import { LIVE, Panel } from "@/ui/Panel";
import { ChangePassword } from "./ChangePassword";
import { SecondFactor } from "./SecondFactor";
import { SignOut } from "./SignOut";

/** Who is signed in, by what, and what that person can do about it. */
export function AccountPanel() {
  const me = useMe();
  const isPerson = me.credential === "token";
  return (
    <div className="grid max-w-[64rem] grid-cols-2 items-start gap-2 max-lg:grid-cols-1">
      <div className="flex flex-col gap-2">
        <WhoAmI />
        <SignOut />
      </div>
      {isPerson ? (
        <div className="flex flex-col gap-2">
          <ChangePassword />
          <SecondFactor isOn={me.totp_enabled} />
        </div>
      ) : (
        <Panel title="Password and second factor" state={LIVE}>
          <p className="m-0 p-3 text-sm text-muted">
            A key has neither. Sign in with a name and its password to change them; who holds the
            installation's own key adds people under Users.
          </p>
        </Panel>
      )}
    </div>
  );
}

const PROOFS = {
  owner: "the installation's own key",
  key: "an API key",
  token: "name and password",
} as const;

function WhoAmI() {
  const me = useMe();
  const facts: readonly (readonly [string, string])[] = [
    ["Name", nameOf(me)],
    ["Role", me.role],
    ["May", me.rights.join(", ")],
    ["Signed in by", PROOFS[me.credential]],
    ["In the journal as", me.actor],
    ...(me.credential === "key" && me.expires_at !== null
      ? [["The key ends", `${dateTime(me.expires_at)} UTC`] as const]
      : []),
  ];
  return (
    <Panel title="Signed in" state={LIVE}>
      <dl className="m-0 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 p-3 text-sm">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="m-0 break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
