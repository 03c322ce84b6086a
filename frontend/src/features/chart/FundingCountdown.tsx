import { type Funding, useFunding } from "@/api/queries/funding";
import { useNow } from "@/ui/useNow";
import { fundingWords } from "./funding";

type Props = { readonly connectionId: string; readonly instrumentId: string };

/** What the next funding is and when; of perpetuals whose broker tells it. */
export function FundingCountdown({ connectionId, instrumentId }: Props) {
  const { data } = useFunding(connectionId, instrumentId);
  return data?.next == null ? null : <Countdown next={data.next} />;
}

/** A leaf of its own: it renders every second. */
function Countdown({ next }: { readonly next: NonNullable<Funding["next"]> }) {
  const words = fundingWords(next, useNow(1_000));
  return (
    <span
      className="num text-xs text-muted"
      title="The rate of the position's worth that longs pay to shorts; below 0 shorts pay longs."
    >
      {words}
    </span>
  );
}
