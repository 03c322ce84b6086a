import type { Timeframe } from "@/api/queries/bars";
import type { Overlay } from "./overlay";
import { PLACES } from "./places";

/** What a key asks of the shell. Nothing here sends anything to a broker. */
export type Command =
  | { readonly kind: "go"; readonly to: string }
  | { readonly kind: "show"; readonly overlay: Overlay }
  | { readonly kind: "timeframe"; readonly timeframe: Timeframe }
  | { readonly kind: "market"; readonly step: 1 | -1 };

export type Stroke = {
  readonly key: string;
  /** The place of the key, for combinations whose letter depends on the layout. */
  readonly code: string;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly meta: boolean;
  /** Letters belong to a field or to an open dialog. */
  readonly isTyping: boolean;
};

/** The time frames of the keys 1 to 6. */
export const KEY_TIMEFRAMES: readonly Timeframe[] = ["1m", "5m", "15m", "1h", "4h", "1d"];

/** How long g waits for its letter, ms. */
export const CHORD_MS = 1_500;

const SINGLES: Readonly<Record<string, Command>> = {
  "?": { kind: "show", overlay: "help" },
  "[": { kind: "market", step: -1 },
  "]": { kind: "market", step: 1 },
};

export type Hotkeys = {
  /** The command of a stroke; null for none. `areSinglesOn` is the user's setting. */
  readonly press: (stroke: Stroke, areSinglesOn: boolean, nowMs: number) => Command | null;
};

/** Reads strokes one after the other. Combinations always work; single keys neither in fields nor when switched off. */
export function createHotkeys(): Hotkeys {
  let chordUntil = Number.NEGATIVE_INFINITY;
  return {
    press(stroke, areSinglesOn, nowMs) {
      const isChord = nowMs < chordUntil;
      chordUntil = Number.NEGATIVE_INFINITY;
      if (stroke.ctrl || stroke.alt || stroke.meta) return combination(stroke);
      if (!areSinglesOn || stroke.isTyping) return null;
      if (isChord) return placeOf(stroke.key);
      if (stroke.key === "g") {
        chordUntil = nowMs + CHORD_MS;
        return null;
      }
      return single(stroke.key);
    },
  };
}

function combination({ code, ctrl, alt, meta }: Stroke): Command | null {
  if (code !== "KeyK") return null;
  if (alt) return ctrl && !meta ? { kind: "show", overlay: "kill" } : null;
  return ctrl !== meta ? { kind: "show", overlay: "palette" } : null;
}

function placeOf(letter: string): Command | null {
  const place = PLACES.find((each) => each.letter === letter);
  return place === undefined ? null : { kind: "go", to: place.to };
}

function single(key: string): Command | null {
  const timeframe = /^[1-6]$/.test(key) ? KEY_TIMEFRAMES[Number(key) - 1] : undefined;
  if (timeframe !== undefined) return { kind: "timeframe", timeframe };
  return SINGLES[key] ?? null;
}

type Market = { readonly connectionId: string; readonly instrumentId: string };

/** The market before or after the shown one in the watchlist, round its ends; the shown one when nothing is watched. */
export function neighbour(watchlist: readonly Market[], shown: Market | null, step: 1 | -1): Market | null {
  const at = watchlist.findIndex(
    (each) => each.connectionId === shown?.connectionId && each.instrumentId === shown.instrumentId,
  );
  const first = step === 1 ? 0 : watchlist.length - 1;
  const next = at < 0 ? first : (at + step + watchlist.length) % watchlist.length;
  return watchlist[next] ?? shown;
}

export type HotkeyLine = { readonly keys: readonly string[]; readonly does: string };

/** What the help lists of the shell's keys; `isSingle` ones can be switched off. */
export const HOTKEY_GROUPS: readonly {
  readonly name: string;
  readonly isSingle: boolean;
  readonly lines: readonly HotkeyLine[];
}[] = [
  {
    name: "Everywhere",
    isSingle: false,
    lines: [
      { keys: ["Ctrl", "K"], does: "Find a place, an instrument or an action (\u2318 K on a Mac)" },
      { keys: ["Ctrl", "Alt", "K"], does: "Open the kill switch; it asks before it acts" },
    ],
  },
  {
    name: "Places",
    isSingle: true,
    lines: PLACES.map(({ name, letter }) => ({ keys: ["g", letter], does: name })),
  },
  {
    name: "Market",
    isSingle: true,
    lines: [
      { keys: ["["], does: "Previous instrument of the watchlist" },
      { keys: ["]"], does: "Next instrument of the watchlist" },
      ...KEY_TIMEFRAMES.map((timeframe, index) => ({
        keys: [String(index + 1)],
        does: `Time frame ${timeframe}`,
      })),
      { keys: ["?"], does: "This list" },
    ],
  },
  {
    name: "Orders, on Trade",
    isSingle: true,
    lines: [
      { keys: ["b"], does: "Ticket: buy; it sends nothing" },
      { keys: ["s"], does: "Ticket: sell; it sends nothing" },
      { keys: ["c"], does: "Ask to cancel the newest order of the instrument" },
      { keys: ["Shift", "C"], does: "Ask to cancel all orders of the instrument" },
      { keys: ["f"], does: "Ask to close the positions in the instrument" },
    ],
  },
];
