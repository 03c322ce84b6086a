import type { ButtonHTMLAttributes, MouseEvent, Ref } from "react";
import type { Right } from "@/api/queries/me";
import { useRefusal } from "@/app/access";

type Look = "plain" | "accent" | "buy" | "sell" | "danger" | "quiet";

const LOOKS: Readonly<Record<Look, string>> = {
  plain: "bg-raised border-line text-ink hover:border-muted",
  accent: "bg-accent border-transparent text-on-accent hover:opacity-90",
  buy: "bg-transparent border-up text-up hover:bg-raised",
  sell: "bg-transparent border-down text-down hover:bg-raised",
  danger: "bg-danger border-transparent text-on-danger hover:opacity-90",
  quiet: "bg-transparent border-transparent text-muted hover:text-ink hover:bg-raised",
};

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: Look;
  ref?: Ref<HTMLButtonElement>;
  /** What the server asks for when this is done: without it the button says why it does nothing. */
  needs?: Right;
};

/** A button. One that lacks a right stays in the order of the keyboard, so that its reason is found and read out. */
export function Button({
  look = "plain",
  className = "",
  type = "button",
  needs,
  title,
  onClick,
  ...rest
}: Props) {
  const refusal = useRefusal(needs);
  const refused = {
    "aria-disabled": true,
    title: refusal ?? undefined,
    onClick: (event: MouseEvent) => event.preventDefault(),
  };
  return (
    <button
      type={type}
      className={`inline-flex min-h-7 items-center justify-center gap-1.5 rounded-sm border px-2.5 text-sm font-medium max-md:min-h-11 disabled:cursor-not-allowed disabled:opacity-45 aria-disabled:cursor-not-allowed aria-disabled:opacity-45 ${LOOKS[look]} ${className}`}
      {...rest}
      {...(refusal === null ? { title, onClick } : refused)}
    />
  );
}
