import { useEffect } from "react";
import { useUi } from "./ui-state";

/** Put theme, colour pair and density on the document, where the style sheets look for them. */
export function useAppearance(): void {
  const { theme, hasSafePair, density } = useUi();
  useEffect(() => {
    const { dataset } = document.documentElement;
    dataset.theme = theme;
    dataset.pair = hasSafePair ? "safe" : "usual";
    dataset.density = density;
  }, [theme, hasSafePair, density]);
}
