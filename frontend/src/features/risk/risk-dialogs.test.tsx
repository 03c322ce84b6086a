// @vitest-environment jsdom
import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { type FakeServer, openStream, showPage } from "@/testing/page";
import { HaltDialog } from "./HaltDialog";
import { LimitsEditor } from "./LimitsEditor";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function show(content: Parameters<typeof showPage>[0], server: FakeServer) {
  openStream();
  return showPage(content, server);
}

it("halting begins on the way out, sends what was chosen, and shows what was not done and why", async () => {
  const failed = {
    client_order_id: "ORDER1",
    ok: false,
    order: null,
    code: "still_working",
    detail: "no answer yet",
  };
  const steps = [
    { step: "halt", ok: true, detail: null, results: [] },
    { step: "cancel_orders", ok: false, detail: "1 of 1 is not done", results: [failed] },
  ];
  const { asked } = show(<HaltDialog scope="connection:bybit-sim" onClose={() => undefined} />, () => ({
    status: 200,
    body: { scope: "connection:bybit-sim", state: "halted", steps },
  }));
  expect(document.activeElement?.textContent).toBe("Go back");
  const user = userEvent.setup();
  await user.type(screen.getByLabelText(/^Reason/), "fat finger");
  await user.click(screen.getByLabelText("Close its positions with market orders"));
  await user.click(screen.getByRole("button", { name: "Halt, cancel orders, close positions" }));
  const done = await screen.findByRole("list", { name: "What was done" });
  expect(asked[0]?.body).toEqual({
    scope: "connection:bybit-sim",
    cancel_orders: true,
    flatten: true,
    reason: "fat finger",
  });
  expect(done.textContent).toContain("done halt");
  expect(done.textContent).toContain("not done cancel orders");
  expect(done.textContent).toContain("ORDER1: no answer yet still_working");
});

it("a limit that the server refuses is marked with its words, and nothing is closed", async () => {
  const onClose = vi.fn();
  const row = { scope: "all", words: "Everything", set: null };
  const message = "Input should be greater than or equal to 1";
  const { asked } = show(<LimitsEditor row={row} onClose={onClose} />, () => ({
    status: 422,
    body: {
      code: "validation_error",
      detail: message,
      errors: [{ field: "limits.max_open_orders", code: "greater_than_equal", message }],
    },
  }));
  const user = userEvent.setup();
  await user.type(screen.getByLabelText("Working orders"), "0");
  await user.click(screen.getByRole("button", { name: "Save limits" }));
  await waitFor(() => expect(screen.getByText(new RegExp(message))).toBeTruthy());
  expect(screen.getByLabelText("Working orders").getAttribute("aria-invalid")).toBe("true");
  expect(asked[0]?.body).toEqual({ scope: "all", limits: { max_open_orders: 0 } });
  expect(onClose).not.toHaveBeenCalled();
});
