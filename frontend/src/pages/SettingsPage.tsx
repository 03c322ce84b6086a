import { Tabs } from "radix-ui";
import type { ComponentType } from "react";
import { useNavigate, useParams } from "react-router";
import { AccountPanel } from "@/features/account/AccountPanel";
import { ApiKeyList } from "@/features/api-keys/ApiKeyList";
import { AuditLog } from "@/features/audit/AuditLog";
import { ServerFacts } from "@/features/settings/ServerFacts";
import { SettingsForm } from "@/features/settings/SettingsForm";
import { UserList } from "@/features/users/UserList";

const TAB =
  "min-h-8 cursor-pointer rounded-sm border-0 bg-transparent px-3 text-sm whitespace-nowrap text-muted max-md:min-h-11 max-md:px-2 data-[state=active]:bg-raised data-[state=active]:font-semibold data-[state=active]:text-ink";

const SECTIONS: readonly {
  readonly name: string;
  readonly title: string;
  readonly content: ComponentType;
}[] = [
  { name: "screen", title: "Screen", content: ThisScreen },
  { name: "account", title: "My account", content: AccountPanel },
  { name: "keys", title: "API keys", content: ApiKeyList },
  { name: "users", title: "Users", content: UserList },
  { name: "audit", title: "Audit log", content: AuditLog },
];

/** What can be set, by section; the section stands in the address. */
export default function SettingsPage() {
  const { section = "screen" } = useParams();
  const go = useNavigate();
  return (
    <Tabs.Root
      value={section}
      onValueChange={(name) => void go(`/settings/${name}`)}
      activationMode="manual"
      className="flex h-full flex-col gap-2"
    >
      <Tabs.List aria-label="Settings" className="flex shrink-0 flex-wrap gap-1 max-md:gap-0">
        {SECTIONS.map(({ name, title }) => (
          <Tabs.Trigger key={name} value={name} className={TAB}>
            {title}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {SECTIONS.map(({ name, content: Content }) => (
        <Tabs.Content key={name} value={name} className="min-h-0 flex-1">
          <Content />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}

function ThisScreen() {
  return (
    <div className="grid max-w-[64rem] grid-cols-2 items-start gap-2 max-lg:grid-cols-1">
      <SettingsForm />
      <ServerFacts />
    </div>
  );
}
