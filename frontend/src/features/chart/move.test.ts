// @vitest-environment jsdom
import { fireEvent } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BTCUSDT } from "@/testing/market";
import type { Board } from "./board";
import { letLinesMove, priceOnTick } from "./move";

/** A chart of 100 px whose prices fall from 200 at the top by one a pixel; one order's line stands at 150. */
class FakeBoard {
  shown: number | null = null;
  orderLineAt(y: number, within: number) {
    return Math.abs(y - 50) <= within ? { id: "line", orderId: "A", price: 150 } : null;
  }
  priceAt(y: number) {
    return y >= 0 && y <= 100 ? 200 - y : null;
  }
  moveLine(moved: { price: number } | null) {
    this.shown = moved?.price ?? null;
  }
}

let place: HTMLElement;
let board: FakeBoard;
let dropped: (readonly [string, string])[];
let end: () => void;

beforeEach(() => {
  place = document.createElement("div");
  document.body.append(place);
  board = new FakeBoard();
  dropped = [];
  end = letLinesMove(place, board as unknown as Board, BTCUSDT, (...told) => dropped.push(told));
});

afterEach(() => {
  end();
  place.remove();
});

describe("moving a line", () => {
  it("tells where it was let go, and shows it there meanwhile", () => {
    fireEvent.mouseDown(place, { clientY: 52 });
    fireEvent.mouseMove(window, { clientY: 70.25 });
    expect(board.shown).toBe(129.7);
    expect(dropped).toEqual([]);
    fireEvent.mouseUp(window);
    expect(dropped).toEqual([["A", "129.7"]]);
    expect(board.shown).toBeNull();
  });

  it.each<[string, () => void]>([
    ["Escape gives it back", () => fireEvent.keyDown(window, { key: "Escape" })],
    ["the chart is taken down", () => end()],
  ])("tells nothing when %s", (_, happens) => {
    fireEvent.mouseDown(place, { clientY: 50 });
    fireEvent.mouseMove(window, { clientY: 70 });
    happens();
    fireEvent.mouseUp(window);
    expect(dropped).toEqual([]);
  });

  it("takes a click on a line, or a press beside one, for no move", () => {
    fireEvent.mouseDown(place, { clientY: 50 });
    fireEvent.mouseUp(window);
    fireEvent.mouseDown(place, { clientY: 56 });
    fireEvent.mouseMove(window, { clientY: 70 });
    fireEvent.mouseUp(window);
    expect(dropped).toEqual([]);
  });

  it("keeps the chart from scrolling while a line is moved, and only then", () => {
    const child = place.appendChild(document.createElement("canvas"));
    let heard = 0;
    child.addEventListener("mousedown", () => {
      heard += 1;
    });
    fireEvent.mouseDown(child, { clientY: 50 });
    expect(heard).toBe(0);
    fireEvent.mouseUp(window);
    fireEvent.mouseDown(child, { clientY: 90 });
    expect(heard).toBe(1);
  });
});

it.each([
  [66_100.17, "66100.1"],
  [66_100.1, "66100.1"],
  [-3, "0.0"],
])("puts %d on its tick", (pointed, text) => {
  expect(priceOnTick(pointed, BTCUSDT)).toBe(text);
});
