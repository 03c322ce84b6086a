/** The colours of the style sheets, as the chart's canvas needs them; read anew when the theme changes. */
export type Palette = {
  readonly surface: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly up: string;
  readonly down: string;
  readonly accent: string;
  readonly warn: string;
};

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    surface: token("--surface"),
    ink: token("--ink"),
    muted: token("--muted"),
    line: token("--line"),
    up: token("--up-fill"),
    down: token("--down-fill"),
    accent: token("--accent"),
    warn: token("--warn"),
  };
}
