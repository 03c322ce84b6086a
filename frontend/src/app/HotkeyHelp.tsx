import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { HOTKEY_GROUPS } from "./hotkeys";
import { useOverlay } from "./overlay";
import { useUi } from "./ui-state";

/** The list of the shell's keys. */
export function HotkeyHelp() {
  const { shown, show } = useOverlay();
  const hasHotkeys = useUi((ui) => ui.hasHotkeys);
  return (
    <Dialog
      open={shown === "help"}
      onOpenChange={(open) => show(open ? "help" : null)}
      title="Keys"
      description={
        hasHotkeys
          ? "Keys open things; none of them sends anything. Single keys rest while you type in a field."
          : "Single keys are switched off in Settings; combinations work."
      }
    >
      <div className="grid grid-cols-2 gap-x-6 gap-y-3 max-sm:grid-cols-1">
        {HOTKEY_GROUPS.map(({ name, isSingle, lines }) => (
          <section
            key={name}
            aria-label={name}
            className={`${isSingle ? "" : "sm:col-span-2"} ${isSingle && !hasHotkeys ? "opacity-60" : ""}`}
          >
            <h3 className="m-0 mb-1 text-sm font-semibold">
              {name}
              {isSingle && !hasHotkeys && " (off)"}
            </h3>
            <dl className="m-0 grid grid-cols-[auto_1fr] items-baseline gap-x-3 gap-y-1 text-sm">
              {lines.map(({ keys, does }) => (
                <div key={does} className="contents">
                  <dt className="whitespace-nowrap">
                    {keys.map((key, index) => (
                      <span key={key}>
                        {index > 0 && <span className="text-muted"> </span>}
                        <kbd className="rounded-sm border border-line bg-raised px-1 font-mono text-xs">
                          {key}
                        </kbd>
                      </span>
                    ))}
                  </dt>
                  <dd className="m-0 text-muted">{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div className="mt-3 flex justify-end">
        <Button onClick={() => show(null)}>Close</Button>
      </div>
    </Dialog>
  );
}
