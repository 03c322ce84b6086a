import { useSyncExternalStore } from "react";

/** Below it the screen is laid out for a thumb; the same as `max-md` of the style sheets. */
const PHONE = "(width < 48rem)";

/** Whether the page is as narrow as a phone's; follows turning and resizing. */
export function useIsPhone(): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const query = window.matchMedia(PHONE);
      query.addEventListener("change", onChange);
      return () => query.removeEventListener("change", onChange);
    },
    () => window.matchMedia(PHONE).matches,
  );
}
