import { signedMoney, signOfMoney } from "@/domain/format";

const COLOURS = { up: "text-up", down: "text-down", flat: "text-muted" } as const;
const ARROWS = { up: "\u25b2", down: "\u25bc", flat: "" } as const;
const WORDS = { up: "gain", down: "loss", flat: "" } as const;

/** Money won or lost: sign, arrow and colour say the same. */
export function Signed({ amount, currency }: { readonly amount: string | null; readonly currency: string }) {
  const sign = signOfMoney(amount, currency);
  return (
    <span className={`num ${COLOURS[sign]}`}>
      <span aria-hidden="true" className="mr-1 text-[0.6em]">
        {ARROWS[sign]}
      </span>
      <span className="sr-only">{WORDS[sign]} </span>
      {signedMoney(amount, currency)}
    </span>
  );
}
