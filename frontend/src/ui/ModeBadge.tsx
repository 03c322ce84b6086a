import { MODE_WORDS, type Mode } from "@/domain/mode";

const COLOURS: Readonly<Record<Mode, string>> = {
  simulated: "border-mode-simulated text-mode-simulated",
  local: "border-mode-local text-mode-local",
  paper: "border-mode-paper text-mode-paper",
  live: "border-mode-live text-mode-live",
};

/** SIM, LOCAL, PAPER or LIVE, in word and colour. */
export function ModeBadge({ mode }: { readonly mode: Mode }) {
  const { badge, sentence } = MODE_WORDS[mode];
  return (
    <span
      title={sentence}
      className={`inline-block rounded-sm border px-1 text-xs leading-4 font-bold tracking-wide ${COLOURS[mode]}`}
    >
      {badge}
      <span className="sr-only">: {sentence}</span>
    </span>
  );
}
