import { useRef } from "react";
import { type User, useRemoveUser } from "@/api/queries/users";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ProblemNote } from "@/ui/ProblemNote";

type Props = { readonly user: User; readonly onClose: () => void };

/** Asks before a person is removed, keys and sessions with it. */
export function RemoveUser({ user, onClose }: Props) {
  const remove = useRemoveUser();
  const wayOut = useRef<HTMLButtonElement>(null);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Remove ${user.user}?`}
      description="Sessions end and API keys of that person stop at once. What was done stays in the journal and in the audit log. Disabling can be undone; this cannot."
      firstFocus={wayOut}
    >
      <ProblemNote error={remove.error} />
      <div className="flex justify-end gap-2">
        <Button ref={wayOut} onClick={onClose}>
          Go back
        </Button>
        <Button
          look="danger"
          disabled={remove.isPending}
          onClick={() => remove.mutate(user.user, { onSuccess: onClose })}
        >
          Remove
        </Button>
      </div>
    </Dialog>
  );
}
