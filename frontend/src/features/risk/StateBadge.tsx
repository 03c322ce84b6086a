import type { Scope } from "@/api/queries/risk";

const LOOKS: Readonly<
  Record<Scope["state"], { readonly mark: string; readonly colour: string; readonly meaning: string }>
> = {
  active: { mark: "\u25cf", colour: "text-up", meaning: "orders within the limits pass" },
  reducing: { mark: "\u25d0", colour: "text-warn", meaning: "only what reduces a position passes" },
  halted: { mark: "\u25a0", colour: "text-danger", meaning: "no new orders; cancels and closing pass" },
};

/** Active, reducing or halted: mark, word and colour. */
export function StateBadge({ state }: { readonly state: Scope["state"] }) {
  const { mark, colour, meaning } = LOOKS[state];
  return (
    <span className={`text-sm font-semibold whitespace-nowrap ${colour}`} title={meaning}>
      <span aria-hidden="true">{mark}</span> {state}
    </span>
  );
}
