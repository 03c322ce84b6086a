import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { answerOf } from "@/api/client";
import { HaltSteps } from "@/features/risk/HaltSteps";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ProblemNote } from "@/ui/ProblemNote";
import { useRefusal } from "./access";
import { useOverlay } from "./overlay";
import { useServices } from "./services";

/** Halts everything; always in sight, asks once, and shows what each step came to. */
export function KillSwitch() {
  const { shown, show } = useOverlay();
  const [isFlattening, setFlattening] = useState(false);
  const wayOut = useRef<HTMLButtonElement>(null);
  const { api } = useServices();
  const refusal = useRefusal("trade");
  const halt = useMutation({
    mutationFn: (flatten: boolean) =>
      answerOf(api.POST("/risk/halt", { body: { scope: "all", cancel_orders: true, flatten } })),
  });

  function close(): void {
    show(null);
    halt.reset();
  }

  return (
    <>
      <Button look="danger" needs="trade" onClick={() => show("kill")} aria-keyshortcuts="Control+Alt+K">
        KILL
      </Button>
      <Dialog
        open={shown === "kill"}
        onOpenChange={(open) => (open ? show("kill") : close())}
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
            {refusal !== null && <p className="text-sm text-warn">{refusal}</p>}
            <ProblemNote error={halt.error} />
            <div className="flex justify-end gap-2">
              <Button ref={wayOut} onClick={close}>
                Go back
              </Button>
              <Button
                look="danger"
                needs="trade"
                disabled={halt.isPending}
                onClick={() => halt.mutate(isFlattening)}
              >
                {isFlattening ? "Halt, cancel, close positions" : "Halt and cancel orders"}
              </Button>
            </div>
          </>
        ) : (
          <HaltSteps answer={halt.data} onClose={close} />
        )}
      </Dialog>
    </>
  );
}
