import { Ban, Check, CircleDashed, CircleDot, CircleHelp, Clock, Moon, Send, Undo2, X } from "lucide-react";
import type { ComponentType } from "react";
import { type Order, type Standing, standingOf } from "@/domain/orders";

type Look = {
  readonly icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
  readonly colour: string;
};

const LOOKS: Readonly<Record<Standing, Look>> = {
  unsent: { icon: CircleDashed, colour: "text-muted" },
  sent: { icon: Send, colour: "text-order-sent" },
  unknown: { icon: CircleHelp, colour: "text-warn" },
  waiting: { icon: Clock, colour: "text-order-waiting" },
  working: { icon: CircleDot, colour: "text-order-working" },
  inactive: { icon: Moon, colour: "text-order-inactive" },
  canceling: { icon: Undo2, colour: "text-order-canceling" },
  filled: { icon: Check, colour: "text-ink" },
  ended: { icon: X, colour: "text-danger" },
  refused: { icon: Ban, colour: "text-danger" },
};

/** Where an order stands: icon, word and colour say the same. */
export function OrderStatus({
  order,
}: {
  readonly order: Pick<Order, "status" | "outcome_unknown" | "held">;
}) {
  const { standing, word } = standingOf(order);
  const { icon: Icon, colour } = LOOKS[standing];
  return (
    <span className={`inline-flex items-center gap-1 whitespace-nowrap ${colour}`}>
      <Icon size={13} aria-hidden />
      {word}
    </span>
  );
}
