import { lazy, Suspense } from "react";
import { Outlet } from "react-router";
import { FillToasts } from "@/features/alerts/FillToasts";
import { HotkeyHelp } from "./HotkeyHelp";
import { ModeFrame } from "./ModeFrame";
import { useOverlay } from "./overlay";
import { PlaceBar } from "./PlaceBar";
import { StatusBar } from "./StatusBar";
import { TopBar } from "./TopBar";
import { useHotkeys } from "./useHotkeys";

const CommandPalette = lazy(() => import("@/features/palette/CommandPalette"));

/** What stands around every screen: frame of the mode, places, the bar of facts, the kill switch. */
export function Shell() {
  useHotkeys();
  const isPaletteShown = useOverlay((overlay) => overlay.shown === "palette");
  return (
    <ModeFrame>
      <a href="#screen" className="sr-only focus:not-sr-only">
        Skip to the screen
      </a>
      <TopBar />
      <div className="flex min-h-0 flex-1 max-md:flex-col-reverse">
        <PlaceBar />
        <main id="screen" className="relative min-h-0 min-w-0 flex-1 overflow-auto p-2">
          <Outlet />
        </main>
      </div>
      <StatusBar />
      <HotkeyHelp />
      {isPaletteShown && (
        <Suspense>
          <CommandPalette />
        </Suspense>
      )}
      <FillToasts />
    </ModeFrame>
  );
}
