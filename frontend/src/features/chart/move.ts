import { type Terms, tickAt } from "@/domain/contract";
import { decimal, decimalsOf, floorToStep, rounded, toPlain } from "@/domain/decimal";
import type { Board } from "./board";

/** How near the pointer must be to take a line, px. */
const REACH = 5;

/** A price where a pointer stands, on the nearest tick below: a pixel is coarser than a tick, and the user reads it. */
export function priceOnTick(pointed: number, terms: Terms): string {
  const finest = decimalsOf(decimal(terms.tick_size));
  const price = decimal(Math.max(0, pointed).toFixed(finest + 1));
  const tick = tickAt(terms, price);
  return toPlain(rounded(floorToStep(price, tick), decimalsOf(tick)));
}

type Drop = (orderId: string, price: string) => void;

/**
 * Lets the mouse take an order's line to another price; `onDrop` is told where it was let go, and nothing is sent.
 *
 * Escape gives the line back. It listens before the chart does, which would scroll. Returns the function that ends it.
 */
export function letLinesMove(place: HTMLElement, board: Board, terms: Terms, onDrop: Drop): () => void {
  const heightOf = (event: MouseEvent) => event.clientY - place.getBoundingClientRect().top;
  let taken: { readonly id: string; readonly orderId: string; price: string | null } | null = null;

  function end(): void {
    taken = null;
    board.moveLine(null);
    place.style.cursor = "";
  }

  function take(event: MouseEvent): void {
    const mark = event.button === 0 ? board.orderLineAt(heightOf(event), REACH) : null;
    if (mark === null || mark.orderId === null) return;
    event.preventDefault();
    event.stopPropagation();
    taken = { id: mark.id, orderId: mark.orderId, price: null };
  }

  function move(event: MouseEvent): void {
    if (taken === null) {
      const isOver = board.orderLineAt(heightOf(event), REACH) !== null;
      place.style.cursor = isOver ? "ns-resize" : "";
      return;
    }
    event.stopPropagation();
    const pointed = board.priceAt(heightOf(event));
    if (pointed === null) return;
    taken.price = priceOnTick(pointed, terms);
    board.moveLine({ id: taken.id, price: Number(taken.price) });
  }

  function drop(): void {
    if (taken === null) return;
    const { orderId, price } = taken;
    end();
    if (price !== null) onDrop(orderId, price);
  }

  function onKey(event: KeyboardEvent): void {
    if (event.key === "Escape" && taken !== null) end();
  }

  place.addEventListener("mousedown", take, { capture: true });
  window.addEventListener("mousemove", move, { capture: true });
  window.addEventListener("mouseup", drop);
  window.addEventListener("keydown", onKey);
  return () => {
    place.removeEventListener("mousedown", take, { capture: true });
    window.removeEventListener("mousemove", move, { capture: true });
    window.removeEventListener("mouseup", drop);
    window.removeEventListener("keydown", onKey);
  };
}
