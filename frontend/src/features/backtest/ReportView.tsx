import { Dialog } from "radix-ui";
import { Button } from "@/ui/Button";

type Props = { readonly html: string; readonly onClose: () => void };

/** A report over the whole screen, in a frame of no origin: it reaches neither the key nor the API. */
export function ReportView({ html, onClose }: Props) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-50 bg-black/60" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-3 z-50 flex flex-col overflow-hidden rounded-md border border-line bg-surface max-md:inset-0"
        >
          <header className="flex items-center border-b border-line px-3 py-1.5">
            <Dialog.Title className="m-0 text-base font-semibold">Backtest report</Dialog.Title>
            <Button className="ml-auto" onClick={onClose}>
              Close
            </Button>
          </header>
          <iframe
            title="Backtest report"
            sandbox="allow-scripts"
            srcDoc={html}
            className="min-h-0 w-full flex-1 border-0 bg-surface"
          />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
