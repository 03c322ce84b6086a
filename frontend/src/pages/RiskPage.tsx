import { Arming } from "@/features/risk/Arming";
import { LimitUse } from "@/features/risk/LimitUse";
import { Refusals } from "@/features/risk/Refusals";
import { ScopeList } from "@/features/risk/ScopeList";

export default function RiskPage() {
  return (
    <div className="grid grid-cols-2 items-start gap-2 max-xl:grid-cols-1">
      <div className="flex min-w-0 flex-col gap-2">
        <LimitUse />
        <Refusals />
      </div>
      <div className="flex min-w-0 flex-col gap-2">
        <ScopeList />
        <Arming />
      </div>
    </div>
  );
}
