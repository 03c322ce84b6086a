import { type Decimal, toPlain } from "@/domain/decimal";

/** A value that lies on a step, written with the step's decimals and no more. */
export function plainAt(value: Decimal, step: Decimal): string {
  if (value.scale <= step.scale) return toPlain(value);
  return toPlain({ units: value.units / 10n ** BigInt(value.scale - step.scale), scale: step.scale });
}
