import { useOverlay } from "@/app/overlay";
import { useUi } from "@/app/ui-state";
import { Button } from "@/ui/Button";
import { LIVE, Panel } from "@/ui/Panel";
import { Signed } from "@/ui/Signed";
import { Choice } from "./Choice";

/** What the user chooses for this browser. */
export function SettingsForm() {
  const { theme, hasSafePair, density, hasHotkeys, set } = useUi();
  const show = useOverlay((overlay) => overlay.show);
  return (
    <Panel title="This screen" state={LIVE}>
      <div className="flex flex-col gap-5 p-3">
        <Choice
          name="Theme"
          value={theme}
          onChoose={(chosen) => set({ theme: chosen })}
          options={[
            { value: "dark", word: "Dark" },
            { value: "light", word: "Light" },
          ]}
        />
        <Choice
          name="Colours of up and down"
          value={hasSafePair ? "safe" : "usual"}
          onChoose={(chosen) => set({ hasSafePair: chosen === "safe" })}
          options={[
            { value: "usual", word: "Teal and red" },
            { value: "safe", word: "Blue and orange", hint: "for colour blindness" },
          ]}
        />
        <p className="-mt-3 mb-0 flex gap-4 text-sm text-muted">
          As it looks now: <Signed amount="128.5" currency="USD" /> <Signed amount="-42" currency="USD" />
        </p>
        <Choice
          name="Density"
          value={density}
          onChoose={(chosen) => set({ density: chosen })}
          options={[
            { value: "comfortable", word: "Comfortable" },
            { value: "compact", word: "Compact", hint: "on wide screens" },
          ]}
        />
        <Choice
          name="Single keys"
          value={hasHotkeys ? "on" : "off"}
          onChoose={(chosen) => set({ hasHotkeys: chosen === "on" })}
          options={[
            { value: "on", word: "On" },
            { value: "off", word: "Off", hint: "combinations such as Ctrl K still work" },
          ]}
        />
        <div>
          <Button onClick={() => show("help")}>Show the list of keys</Button>
        </div>
      </div>
    </Panel>
  );
}
