import { Button } from "@/ui/Button";
import { useHold } from "@/ui/useHold";

/** A button of real money: it acts once it has been held. */
export function HoldButton({ label, onDone }: { readonly label: string; readonly onDone: () => void }) {
  const { isHeld, handlers } = useHold(onDone);
  return (
    <Button look="danger" className="relative overflow-hidden select-none" {...handlers}>
      <span
        aria-hidden="true"
        className={`absolute inset-y-0 left-0 bg-black/30 ${isHeld ? "w-full transition-[width] duration-600 ease-linear" : "w-0"}`}
      />
      <span className="relative">{label}</span>
    </Button>
  );
}
