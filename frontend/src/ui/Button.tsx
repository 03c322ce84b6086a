import type { ButtonHTMLAttributes, Ref } from "react";

type Look = "plain" | "accent" | "buy" | "sell" | "danger" | "quiet";

const LOOKS: Readonly<Record<Look, string>> = {
  plain: "bg-raised border-line text-ink hover:border-muted",
  accent: "bg-accent border-transparent text-on-accent hover:opacity-90",
  buy: "bg-transparent border-up text-up hover:bg-raised",
  sell: "bg-transparent border-down text-down hover:bg-raised",
  danger: "bg-danger border-transparent text-on-danger hover:opacity-90",
  quiet: "bg-transparent border-transparent text-muted hover:text-ink hover:bg-raised",
};

type Props = ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look; ref?: Ref<HTMLButtonElement> };

export function Button({ look = "plain", className = "", type = "button", ...rest }: Props) {
  return (
    <button
      type={type}
      className={`inline-flex min-h-7 items-center justify-center gap-1.5 rounded-sm border px-2.5 text-sm font-medium max-md:min-h-11 disabled:cursor-not-allowed disabled:opacity-45 ${LOOKS[look]} ${className}`}
      {...rest}
    />
  );
}
