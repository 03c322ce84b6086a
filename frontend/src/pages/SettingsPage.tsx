import { ServerFacts } from "@/features/settings/ServerFacts";
import { SettingsForm, SignOut } from "@/features/settings/SettingsForm";

export default function SettingsPage() {
  return (
    <div className="grid max-w-[64rem] grid-cols-2 items-start gap-2 max-lg:grid-cols-1">
      <SettingsForm />
      <div className="flex flex-col gap-2">
        <ServerFacts />
        <SignOut />
      </div>
    </div>
  );
}
