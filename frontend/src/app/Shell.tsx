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
import { NavLink, Outlet } from "react-router";
import { ModeFrame } from "./ModeFrame";
import { StatusBar } from "./StatusBar";
import { TopBar } from "./TopBar";

type Place = {
  readonly to: string;
  readonly name: string;
  readonly icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
};

export const PLACES: readonly Place[] = [
  { to: "/trade", name: "Trade", icon: ChartCandlestick },
  { to: "/portfolio", name: "Portfolio", icon: Briefcase },
  { to: "/orders", name: "Orders", icon: ListOrdered },
  { to: "/strategies", name: "Strategies", icon: Activity },
  { to: "/backtest", name: "Backtest", icon: FlaskConical },
  { to: "/brokers", name: "Brokers", icon: Plug },
  { to: "/risk", name: "Risk", icon: ShieldAlert },
  { to: "/journal", name: "Journal", icon: BookOpen },
  { to: "/settings", name: "Settings", icon: Settings },
];

/** What stands around every screen: frame of the mode, places, the bar of facts, the kill switch. */
export function Shell() {
  return (
    <ModeFrame>
      <a href="#screen" className="sr-only focus:not-sr-only">
        Skip to the screen
      </a>
      <TopBar />
      <div className="flex min-h-0 flex-1 max-md:flex-col-reverse">
        <Rail />
        <main id="screen" className="min-h-0 min-w-0 flex-1 overflow-auto p-2">
          <Outlet />
        </main>
      </div>
      <StatusBar />
    </ModeFrame>
  );
}

function Rail() {
  return (
    <nav
      aria-label="Places"
      className="flex shrink-0 flex-col gap-0.5 overflow-auto border-r border-line bg-surface p-1 max-md:flex-row max-md:border-t max-md:border-r-0"
    >
      {PLACES.map(({ to, name, icon: Icon }) => (
        <NavLink
          key={to}
          to={to}
          className={({ isActive }) =>
            `flex min-h-9 items-center gap-2 rounded-sm px-2 text-sm no-underline max-md:min-h-11 max-md:flex-col max-md:gap-0 max-md:text-xs ${
              isActive ? "bg-raised font-semibold text-ink" : "text-muted hover:text-ink"
            }`
          }
        >
          <Icon size={16} aria-hidden />
          <span className="md:max-lg:sr-only">{name}</span>
        </NavLink>
      ))}
    </nav>
  );
}
