import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { answerOf, type Schemas } from "@/api/client";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { useServices } from "./services";

/** Halts everything; always in sight, asks once, and shows what each step came to. */
export function KillSwitch() {
  const [isOpen, setOpen] = useState(false);
  const [isFlattening, setFlattening] = useState(false);
  const wayOut = useRef<HTMLButtonElement>(null);
  const { api } = useServices();
  const halt = useMutation({
    mutationFn: (flatten: boolean) =>
      answerOf(api.POST("/risk/halt", { body: { scope: "all", cancel_orders: true, flatten } })),
  });

  function close(): void {
    setOpen(false);
    halt.reset();
  }

  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)} aria-keyshortcuts="Control+Alt+K">
        KILL
      </Button>
      <Dialog
        open={isOpen}
        onOpenChange={(open) => (open ? setOpen(true) : close())}
        title="Stop all trading?"
        description="New orders are denied everywhere, working orders are canceled. Closing positions is up to you."
        firstFocus={wayOut}
      >
        {halt.data === undefined ? (
          <>
            <label className="mb-3 flex items-center gap-2 text-sm">
              <input
                type="checkbox"
                checked={isFlattening}
                onChange={(event) => setFlattening(event.target.checked)}
              />
              Also close every position with market orders
            </label>
            {halt.error !== null && (
              <p role="alert" className="text-sm text-danger">
                {halt.error.message}
              </p>
            )}
            <div className="flex justify-end gap-2">
              <Button ref={wayOut} onClick={close}>
                Go back
              </Button>
              <Button look="danger" disabled={halt.isPending} onClick={() => halt.mutate(isFlattening)}>
                {isFlattening ? "Halt, cancel, close positions" : "Halt and cancel orders"}
              </Button>
            </div>
          </>
        ) : (
          <Steps answer={halt.data} onClose={close} />
        )}
      </Dialog>
    </>
  );
}

function Steps({
  answer,
  onClose,
}: {
  readonly answer: Schemas["HaltAnswer"];
  readonly onClose: () => void;
}) {
  return (
    <>
      <ul className="mt-0 mb-3 flex list-none flex-col gap-2 p-0 text-sm">
        {answer.steps.map((step) => (
          <li key={step.step}>
            <span className={step.ok ? "text-up" : "text-danger"}>
              {step.ok ? "\u2713 done" : "\u2715 not done"}
            </span>{" "}
            {step.step.replaceAll("_", " ")}
            {step.detail !== null && <div className="text-muted">{step.detail}</div>}
            {step.results
              .filter((result) => !result.ok)
              .map((result) => (
                <div key={result.client_order_id} className="text-danger">
                  {result.client_order_id}: {result.detail}
                </div>
              ))}
          </li>
        ))}
      </ul>
      <div className="flex justify-end">
        <Button onClick={onClose}>Close</Button>
      </div>
    </>
  );
}
