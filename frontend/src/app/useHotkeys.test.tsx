// @vitest-environment jsdom
import { cleanup, fireEvent, screen } from "@testing-library/react";
import { useLocation } from "react-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openStream, showPage } from "@/testing/page";
import { useOverlay } from "./overlay";
import { useUi } from "./ui-state";
import { useHotkeys } from "./useHotkeys";

function Page() {
  useHotkeys();
  return (
    <>
      <p>{useLocation().pathname}</p>
      <input aria-label="price" />
      <input type="checkbox" aria-label="post only" />
    </>
  );
}

beforeEach(() => {
  openStream();
  useOverlay.setState({ shown: null });
  useUi.setState({ hasHotkeys: true, market: null, watchlist: [] });
  showPage(<Page />, () => null);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it("g and a letter change the place", () => {
  fireEvent.keyDown(document.body, { key: "g" });
  fireEvent.keyDown(document.body, { key: "r" });
  expect(screen.getByText("/risk")).toBeTruthy();
});

it("keys are left to fields, not to check boxes", () => {
  fireEvent.keyDown(screen.getByLabelText("price"), { key: "?" });
  expect(useOverlay.getState().shown).toBeNull();
  fireEvent.keyDown(screen.getByLabelText("post only"), { key: "?" });
  expect(useOverlay.getState().shown).toBe("help");
});

it("an open dialog owns the keys even when the focus has left it", () => {
  const dialog = document.createElement("div");
  dialog.setAttribute("role", "dialog");
  dialog.dataset.state = "open";
  document.body.append(dialog);
  fireEvent.keyDown(document.body, { key: "?" });
  expect(useOverlay.getState().shown).toBeNull();
  dialog.remove();
  fireEvent.keyDown(document.body, { key: "?" });
  expect(useOverlay.getState().shown).toBe("help");
});

it("the kill dialog opens from within a field, with single keys switched off", () => {
  useUi.setState({ hasHotkeys: false });
  fireEvent.keyDown(screen.getByLabelText("price"), { key: "k", code: "KeyK", ctrlKey: true, altKey: true });
  expect(useOverlay.getState().shown).toBe("kill");
});

it("[ and ] walk through the watchlist", () => {
  const watchlist = ["A", "B"].map((instrumentId) => ({ connectionId: "x", instrumentId }));
  useUi.setState({ watchlist, market: watchlist[0] ?? null });
  fireEvent.keyDown(document.body, { key: "]" });
  expect(useUi.getState().market?.instrumentId).toBe("B");
});
