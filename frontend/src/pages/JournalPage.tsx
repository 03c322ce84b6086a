import { Tabs } from "radix-ui";
import { Link } from "react-router";
import { JournalSearch } from "@/features/journal/JournalSearch";
import { Ledger } from "@/features/journal/Ledger";

const TAB =
  "min-h-8 cursor-pointer rounded-sm border-0 bg-transparent px-3 text-sm text-muted max-md:min-h-11 data-[state=active]:bg-raised data-[state=active]:font-semibold data-[state=active]:text-ink";

export default function JournalPage() {
  return (
    <Tabs.Root defaultValue="events" className="flex h-full flex-col gap-2">
      <div className="flex flex-wrap gap-1">
        <Tabs.List aria-label="Journal" className="flex gap-1">
          <Tabs.Trigger value="events" className={TAB}>
            Events
          </Tabs.Trigger>
          <Tabs.Trigger value="cash" className={TAB}>
            Cash
          </Tabs.Trigger>
        </Tabs.List>
        <Link
          to="/settings/audit"
          className="ml-auto inline-flex min-h-8 items-center px-3 text-sm text-accent max-md:min-h-11"
        >
          Audit log
        </Link>
      </div>
      <Tabs.Content value="events" className="flex min-h-0 flex-1 flex-col">
        <JournalSearch />
      </Tabs.Content>
      <Tabs.Content value="cash" className="flex min-h-0 flex-1 flex-col">
        <Ledger />
      </Tabs.Content>
    </Tabs.Root>
  );
}
