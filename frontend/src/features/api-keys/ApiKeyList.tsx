import { useRef, useState } from "react";
import { type ApiKey, useApiKeys, useRevokeApiKey } from "@/api/queries/api-keys";
import { ABSENT, dateTime } from "@/domain/format";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { Dialog } from "@/ui/Dialog";
import { Panel } from "@/ui/Panel";
import { ProblemNote } from "@/ui/ProblemNote";
import { queryState } from "@/ui/queryState";
import { MakeApiKey } from "./MakeApiKey";

const EMPTY = {
  title: "There is no API key",
  hint: "A program of yours signs in by a key of its own: it can be taken back alone, and do less than you.",
};

/** The keys of programs: what each may do, when it was used last, and how to take it back. */
export function ApiKeyList() {
  const keys = useApiKeys();
  const [isMaking, setMaking] = useState(false);
  const [doomed, setDoomed] = useState<ApiKey | null>(null);
  const rows = keys.data ?? [];
  return (
    <>
      <Panel
        title="API keys"
        state={queryState(keys, { isEmpty: rows.length === 0, ...EMPTY })}
        actions={
          <Button look="accent" onClick={() => setMaking(true)}>
            New key
          </Button>
        }
        className="max-w-[64rem] min-h-40"
      >
        <DataTable
          caption="API keys"
          columns={columnsOf(setDoomed)}
          rows={rows}
          keyOf={({ key_id }) => key_id}
        />
      </Panel>
      {isMaking && <MakeApiKey onClose={() => setMaking(false)} />}
      {doomed !== null && <RevokeKey apiKey={doomed} onClose={() => setDoomed(null)} />}
    </>
  );
}

function columnsOf(onRevoke: (key: ApiKey) => void): readonly Column<ApiKey>[] {
  return [
    {
      name: "For",
      cell: ({ name, key_id, user }) => (
        <>
          <span className="max-md:whitespace-normal">{name}</span>
          <div className="text-xs text-muted">
            <code>{key_id}</code> of {user ?? "the owner"}
          </div>
        </>
      ),
    },
    { name: "May", cell: ({ scopes }) => <span className="whitespace-normal">{scopes.join(", ")}</span> },
    { name: "From", isMinor: true, cell: ({ allowed_ips }) => allowed_ips.join(", ") || "everywhere" },
    { name: "Made", isMinor: true, cell: ({ created_at }) => dateTime(created_at) },
    { name: "Used last", isMinor: true, cell: ({ last_used_at }) => moment(last_used_at) },
    { name: "Ends", cell: ({ expires_at }) => (expires_at === null ? "never" : dateTime(expires_at)) },
    {
      name: "Do",
      isActions: true,
      cell: (key) => (
        <Button look="quiet" aria-label={`Revoke ${key.name}`} onClick={() => onRevoke(key)}>
          Revoke
        </Button>
      ),
    },
  ];
}

function moment(stamp: string | null): string {
  return stamp === null ? ABSENT : dateTime(stamp);
}

type RevokeProps = { readonly apiKey: ApiKey; readonly onClose: () => void };

function RevokeKey({ apiKey, onClose }: RevokeProps) {
  const revoke = useRevokeApiKey();
  const wayOut = useRef<HTMLButtonElement>(null);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Revoke ${apiKey.name}?`}
      description="Whatever uses it is refused from now on, open streams are closed. It cannot be undone: a new key has another secret."
      firstFocus={wayOut}
    >
      <ProblemNote error={revoke.error} />
      <div className="flex justify-end gap-2">
        <Button ref={wayOut} onClick={onClose}>
          Go back
        </Button>
        <Button
          look="danger"
          disabled={revoke.isPending}
          onClick={() => revoke.mutate(apiKey.key_id, { onSuccess: onClose })}
        >
          Revoke
        </Button>
      </div>
    </Dialog>
  );
}
