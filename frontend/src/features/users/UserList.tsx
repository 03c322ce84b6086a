import { useState } from "react";
import { type User, useDisableUser, useUsers } from "@/api/queries/users";
import { useMe } from "@/app/access";
import { dateTime } from "@/domain/format";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { ProblemNote } from "@/ui/ProblemNote";
import { queryState } from "@/ui/queryState";
import { AddUser } from "./AddUser";
import { ChangeUser } from "./ChangeUser";
import { RemoveUser } from "./RemoveUser";

const EMPTY = {
  title: "There is nobody but the owner",
  hint: "Who holds the installation's own key may do everything. Add people to give them less, and to tell them apart in the journal.",
};

type Shown =
  | { readonly kind: "add" }
  | { readonly kind: "change"; readonly user: User }
  | { readonly kind: "remove"; readonly user: User };

/** People and their roles: viewer sees, trader trades, admin does everything. */
export function UserList() {
  const users = useUsers();
  const disable = useDisableUser();
  const me = useMe();
  const [shown, setShown] = useState<Shown | null>(null);
  const close = () => setShown(null);
  const rows = users.data ?? [];
  return (
    <>
      <Panel
        title="Users"
        state={queryState(users, { isEmpty: rows.length === 0, ...EMPTY })}
        actions={
          <Button look="accent" needs="admin" onClick={() => setShown({ kind: "add" })}>
            Add somebody
          </Button>
        }
        className="max-w-[64rem] min-h-40"
      >
        <ProblemNote error={disable.error} />
        <DataTable
          caption="Users"
          columns={columnsOf({
            self: me.user,
            onShow: setShown,
            onDisable: ({ user, disabled }) => disable.mutate({ user, disabled: !disabled }),
          })}
          rows={rows}
          keyOf={({ user }) => user}
        />
      </Panel>
      {shown?.kind === "add" && <AddUser onClose={close} />}
      {shown?.kind === "change" && <ChangeUser user={shown.user} onClose={close} />}
      {shown?.kind === "remove" && <RemoveUser user={shown.user} onClose={close} />}
    </>
  );
}

type Acts = {
  readonly self: string | null;
  readonly onShow: (shown: Shown) => void;
  readonly onDisable: (user: User) => void;
};

function columnsOf({ self, onShow, onDisable }: Acts): readonly Column<User>[] {
  return [
    {
      name: "Name",
      cell: ({ user }) => (
        <>
          {user} {user === self && <span className="text-muted">(you)</span>}
        </>
      ),
    },
    { name: "Role", cell: ({ role }) => role },
    {
      name: "State",
      cell: ({ disabled }) =>
        disabled ? <span className="text-warn">{"\u25a0"} disabled</span> : "may sign in",
    },
    {
      name: "Second factor",
      isMinor: true,
      cell: ({ totp_enabled }) => (totp_enabled ? "on" : <span className="text-muted">off</span>),
    },
    { name: "Added UTC", isMinor: true, cell: ({ created_at }) => dateTime(created_at) },
    {
      name: "Do",
      isActions: true,
      cell: (user) => (
        <span className="inline-flex flex-wrap justify-end gap-1">
          <Button
            look="quiet"
            aria-label={`Change ${user.user}`}
            onClick={() => onShow({ kind: "change", user })}
          >
            Change
          </Button>
          <Button
            look="quiet"
            aria-label={`${user.disabled ? "Enable" : "Disable"} ${user.user}`}
            onClick={() => onDisable(user)}
          >
            {user.disabled ? "Enable" : "Disable"}
          </Button>
          <Button
            look="quiet"
            aria-label={`Remove ${user.user}`}
            onClick={() => onShow({ kind: "remove", user })}
          >
            Remove
          </Button>
        </span>
      ),
    },
  ];
}
