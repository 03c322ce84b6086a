import { useRef } from "react";
import { type Dataset, useDeleteDataset } from "@/api/queries/datasets";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ProblemNote } from "@/ui/ProblemNote";
import { coverageWords } from "./coverage-words";

type Props = { readonly dataset: Dataset; readonly onClose: () => void };

export function DeleteDataset({ dataset, onClose }: Props) {
  const wayOut = useRef<HTMLButtonElement>(null);
  const remove = useDeleteDataset();
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Delete ${dataset.name}`}
      description={`${coverageWords(dataset)}. It cannot be had back; runs that used it keep their results but cannot be run again.`}
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
          onClick={() => remove.mutate(dataset.dataset_id, { onSuccess: onClose })}
        >
          Delete
        </Button>
      </div>
    </Dialog>
  );
}
