import { Search } from "lucide-react";
import type { Schemas } from "@/api/client";
import { money } from "@/domain/format";
import { AlertBell } from "@/features/alerts/AlertBell";
import { useRows } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { ModeBadge } from "@/ui/ModeBadge";
import { Signed } from "@/ui/Signed";
import { BrokerDots } from "./BrokerDots";
import { KillSwitch } from "./KillSwitch";
import { useGravestMode } from "./ModeFrame";
import { useOverlay } from "./overlay";
import { PersonLink } from "./PersonLink";

/** The facts that must be in sight on every screen: mode, money, brokers, kill switch. */
export function TopBar() {
  const mode = useGravestMode();
  const accounts = useRows<Schemas["AccountAnswer"]>("account");
  return (
    <header className="flex min-h-10 items-center gap-x-4 gap-y-1 border-b max-md:flex-wrap border-line bg-surface px-2 py-1">
      <span className="text-sm font-semibold max-sm:sr-only">Edgerunner</span>
      <ModeBadge mode={mode} />
      <ul
        className="m-0 flex min-w-0 list-none gap-4 overflow-x-auto p-0 text-sm max-md:hidden"
        aria-label="Accounts"
      >
        {accounts.map((account) => (
          <li
            key={`${account.connection_id} ${account.account_id}`}
            className="flex items-baseline gap-1.5 whitespace-nowrap"
          >
            <span className="text-xs text-muted">{account.connection_id}</span>
            <span className="num font-medium">
              {money(account.equity, account.currency)} {account.currency}
            </span>
            <Signed amount={account.unrealized_pnl} currency={account.currency} />
          </li>
        ))}
      </ul>
      <div className="ml-auto flex shrink-0 items-center gap-2">
        <BrokerDots />
        <PersonLink />
        <PaletteButton />
        <AlertBell />
        <KillSwitch />
      </div>
    </header>
  );
}

function PaletteButton() {
  const show = useOverlay((overlay) => overlay.show);
  return (
    <Button
      look="quiet"
      aria-label="Find a place, an instrument or an action"
      aria-keyshortcuts="Control+K Meta+K"
      title="Find (Ctrl K)"
      onClick={() => show("palette")}
      className="px-1.5 max-md:min-w-11"
    >
      <Search size={16} aria-hidden />
    </Button>
  );
}
