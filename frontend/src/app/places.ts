import {
  Activity,
  BookOpen,
  Briefcase,
  ChartCandlestick,
  FlaskConical,
  ListOrdered,
  Plug,
  Settings,
  ShieldAlert,
} from "lucide-react";
import type { ComponentType } from "react";

export type Place = {
  readonly to: string;
  readonly name: string;
  /** The letter that leads there after g. */
  readonly letter: string;
  /** Stands in the bar of a phone; the others are behind More. */
  readonly isThumb: boolean;
  readonly icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
};

export const PLACES: readonly Place[] = [
  { to: "/trade", name: "Trade", letter: "t", isThumb: true, icon: ChartCandlestick },
  { to: "/portfolio", name: "Portfolio", letter: "p", isThumb: true, icon: Briefcase },
  { to: "/orders", name: "Orders", letter: "o", isThumb: true, icon: ListOrdered },
  { to: "/strategies", name: "Strategies", letter: "s", isThumb: true, icon: Activity },
  { to: "/backtest", name: "Backtest", letter: "k", isThumb: false, icon: FlaskConical },
  { to: "/brokers", name: "Brokers", letter: "b", isThumb: false, icon: Plug },
  { to: "/risk", name: "Risk", letter: "r", isThumb: true, icon: ShieldAlert },
  { to: "/journal", name: "Journal", letter: "j", isThumb: false, icon: BookOpen },
  { to: "/settings", name: "Settings", letter: "e", isThumb: false, icon: Settings },
];
