// @vitest-environment jsdom
import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { connectionOf } from "@/testing/market";
import { type FakeServer, openStream, showPage } from "@/testing/page";
import { ConnectWizard } from "./ConnectWizard";
import { FIRST_DRAFT } from "./wizard-request";

const SECRET = "very-secret-words";

function show(server: FakeServer, onClose = () => undefined, replaces: string | null = null) {
  openStream();
  const first = { ...FIRST_DRAFT, environment: "demo" as const, connectionId: replaces ?? "" };
  return showPage(<ConnectWizard first={first} replaces={replaces} onClose={onClose} />, server);
}

function fillAndTry(): void {
  fireEvent.change(screen.getByLabelText("API key"), { target: { value: "key" } });
  fireEvent.change(screen.getByLabelText("API secret"), { target: { value: SECRET } });
  fireEvent.click(screen.getByText("Try to connect"));
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("the wizard", () => {
  it("shows the server's words at the field they are about, and keeps what was typed", async () => {
    show(() => ({
      status: 422,
      body: {
        code: "validation_error",
        detail: "credentials.api_key: is missing",
        errors: [{ field: "credentials.api_key", code: "required", message: "is missing" }],
      },
    }));
    fillAndTry();
    const field = await waitFor(() => {
      const input = screen.getByLabelText("API key");
      expect(input.getAttribute("aria-invalid")).toBe("true");
      return input;
    });
    const note = document.getElementById(field.getAttribute("aria-describedby") ?? "");
    expect(note?.textContent).toContain("is missing");
    expect((screen.getByLabelText("API secret") as HTMLInputElement).value).toBe(SECRET);
  });

  it("shows a refusal that is about no field word for word, with its code", async () => {
    const detail = "Bybit answered 10003: API key is invalid.";
    show(() => ({ status: 422, body: { code: "broker_auth_failed", detail, errors: [] } }));
    fillAndTry();
    expect((await screen.findByRole("alert")).textContent).toBe(`${detail}(broker_auth_failed)`);
  });

  it("does not offer real money where the server does not allow it, and says why", () => {
    show(() => null);
    const live = screen.getByRole("radio", { name: /^Live/ });
    expect((live as HTMLInputElement).disabled).toBe(true);
    expect(live.closest("label")?.textContent).toContain("EDGERUNNER_ALLOW_LIVE=true");
  });

  it("shows what the broker reports after the log-in, and removes the connection when it is not wanted", async () => {
    const onClose = vi.fn();
    const connected = connectionOf("bybit");
    const accounts = [{ account_id: "987", mode: "netting", currency: "USD", live: true }];
    const { asked } = show((one) => {
      const status = one.method === "POST" ? 201 : 200;
      return { status, body: { ...connected, accounts, environment: "live" } };
    }, onClose);
    fillAndTry();
    const dialog = await screen.findByRole("dialog", { name: /is connected$/ });
    expect(within(dialog).getByText("987")).toBeTruthy();
    expect(within(dialog).getByText("LIVE")).toBeTruthy();
    fireEvent.click(within(dialog).getByText("Remove it"));
    await waitFor(() => expect(onClose).toHaveBeenCalled());
    expect(asked.map((one) => `${one.method} ${one.path}`)).toEqual([
      "POST /broker/connect",
      `DELETE /broker/connections/${connected.connection_id}`,
    ]);
  });

  it("keeps no credential in the browser or on the page after the connection is made", async () => {
    const { asked, container } = show(() => ({ status: 201, body: connectionOf("bybit") }));
    fillAndTry();
    await screen.findByText("Keep it");
    expect(JSON.stringify(asked[0]?.body)).toContain(SECRET);
    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain(SECRET);
    expect(container.ownerDocument.body.innerHTML).not.toContain(SECRET);
  });

  it("connecting again removes the old connection first, also when the first try did so already", async () => {
    const { asked } = show(
      (one) =>
        one.method === "DELETE"
          ? { status: 404, body: { code: "not_found", detail: "no such connection", errors: [] } }
          : { status: 201, body: connectionOf("bybit") },
      undefined,
      "bybit-demo",
    );
    fillAndTry();
    await screen.findByText("Keep it");
    expect(asked.map((one) => one.method)).toEqual(["DELETE", "POST"]);
    expect(asked[1]?.body).toMatchObject({ connection_id: "bybit-demo" });
  });
});
