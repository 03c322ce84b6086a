import { Button } from "@/ui/Button";
import { NumberField } from "@/ui/NumberField";
import type { Fault } from "./check";

type Props = {
  readonly label: string;
  readonly value: string;
  readonly step: string;
  readonly fault: Fault | undefined;
  readonly className?: string;
  readonly inputId?: string;
  readonly onChange: (value: string) => void;
};

/** A number of the order; what is wrong with it stands beneath, with the right values one click away. */
export function FixableField({ label, fault, className = "", onChange, ...field }: Props) {
  const fixes = fault?.fixes ?? [];
  return (
    <div className={`flex min-w-0 flex-col gap-1 ${className}`}>
      <NumberField label={label} error={fault?.text} onChange={onChange} {...field} />
      {fixes.length > 0 && (
        <div className="flex flex-wrap gap-1">
          {fixes.map((value) => (
            <Button
              key={value}
              className="px-1.5! font-mono text-xs!"
              aria-label={`Use ${value} instead`}
              onClick={() => onChange(value)}
            >
              {value}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}
