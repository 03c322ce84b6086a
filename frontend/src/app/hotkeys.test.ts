import { describe, expect, it } from "vitest";
import { CHORD_MS, createHotkeys, HOTKEY_GROUPS, neighbour, type Stroke } from "./hotkeys";
import { PLACES } from "./places";

function stroke(key: string, rest: Partial<Stroke> = {}): Stroke {
  const code = `Key${key.toUpperCase()}`;
  return { key, code, ctrl: false, alt: false, meta: false, isTyping: false, ...rest };
}

describe("hotkeys", () => {
  it("g and a letter lead to every place", () => {
    const keys = createHotkeys();
    for (const { letter, to } of PLACES) {
      expect(keys.press(stroke("g"), true, 0)).toBeNull();
      expect(keys.press(stroke(letter), true, 10)).toEqual({ kind: "go", to });
    }
  });

  it("g waits for its letter only so long, and for one letter", () => {
    const keys = createHotkeys();
    keys.press(stroke("g"), true, 0);
    expect(keys.press(stroke("t"), true, CHORD_MS)).toBeNull();
    keys.press(stroke("g"), true, 5_000);
    expect(keys.press(stroke("q"), true, 5_010)).toBeNull();
    expect(keys.press(stroke("t"), true, 5_020)).toBeNull();
  });

  it("single keys are off in fields and by the setting, also in the middle of a chord", () => {
    const keys = createHotkeys();
    for (const key of ["?", "[", "1"]) {
      expect(keys.press(stroke(key), true, 0)).not.toBeNull();
      expect(keys.press(stroke(key, { isTyping: true }), true, 0)).toBeNull();
      expect(keys.press(stroke(key), false, 0)).toBeNull();
    }
    keys.press(stroke("g"), true, 0);
    expect(keys.press(stroke("t", { isTyping: true }), true, 10)).toBeNull();
  });

  it("the palette and the kill dialog open from anywhere, whatever the layout and the setting", () => {
    const keys = createHotkeys();
    const inField = { isTyping: true, code: "KeyK" };
    expect(keys.press(stroke("k", { ...inField, ctrl: true }), false, 0)).toEqual({
      kind: "show",
      overlay: "palette",
    });
    expect(keys.press(stroke("k", { ...inField, meta: true }), false, 0)).toEqual({
      kind: "show",
      overlay: "palette",
    });
    expect(keys.press(stroke("\u0142", { ...inField, ctrl: true, alt: true }), false, 0)).toEqual({
      kind: "show",
      overlay: "kill",
    });
    expect(keys.press(stroke("k", { ...inField, alt: true }), false, 0)).toBeNull();
    expect(keys.press(stroke("t", { ctrl: true }), true, 0)).toBeNull();
  });

  it("1 to 6 are time frames, 7 is nothing", () => {
    const keys = createHotkeys();
    expect(keys.press(stroke("4"), true, 0)).toEqual({ kind: "timeframe", timeframe: "1h" });
    expect(keys.press(stroke("7"), true, 0)).toBeNull();
  });

  it("the help names every key that does something", () => {
    const listed = HOTKEY_GROUPS.flatMap((group) => group.lines.map((line) => line.keys.join(" ")));
    for (const { letter } of PLACES) expect(listed).toContain(`g ${letter}`);
    for (const key of ["?", "[", "]", "1", "6", "Ctrl K", "Ctrl Alt K"]) expect(listed).toContain(key);
    expect(new Set(PLACES.map((place) => place.letter)).size).toBe(PLACES.length);
  });
});

describe("the neighbour in the watchlist", () => {
  const a = { connectionId: "x", instrumentId: "A" };
  const b = { connectionId: "y", instrumentId: "A" };

  it("goes round its ends and tells the same id on two connections apart", () => {
    expect(neighbour([a, b], a, 1)).toBe(b);
    expect(neighbour([a, b], b, 1)).toBe(a);
    expect(neighbour([a, b], a, -1)).toBe(b);
  });

  it("begins at an end when the shown market is not watched, and stays when nothing is", () => {
    expect(neighbour([a, b], null, 1)).toBe(a);
    expect(neighbour([a, b], null, -1)).toBe(b);
    expect(neighbour([], a, 1)).toBe(a);
  });
});

it("a phone shows at most five places beside More", () => {
  expect(PLACES.filter((place) => place.isThumb).length).toBeLessThanOrEqual(5);
});
