import { describe, expect, it } from "vitest";
import { ApiProblem } from "@/api/problem";
import type { Order } from "@/domain/orders";
import { DRAFT, isBusy, isCertain, next, type SendEvent, type SendRequest, type SendState } from "./send";

const REQUEST: SendRequest = {
  connection_id: "bybit-sim",
  instrument_id: "BTCUSDT-LINEAR.BYBIT",
  side: "buy",
  order_type: "limit",
  quantity: "0.01",
  price: "66000",
  client_order_id: "A",
};

function order(status: Order["status"], change: Partial<Order> = {}): Order {
  return {
    client_order_id: "A",
    status,
    outcome_unknown: null,
    needs_operator: null,
    denied: null,
    held: null,
    broker: { status: null, code: null, text: null },
    ...change,
  } as Order;
}

const REVIEW: SendEvent = { type: "review", request: REQUEST, questions: [], mustConfirm: false };
const NO_ANSWER = new ApiProblem(0, "unreachable", "the server does not answer");

function reached(...events: readonly SendEvent[]): SendState {
  return events.reduce(next, DRAFT);
}

const failed = (problem: ApiProblem): SendEvent => ({ type: "failed", id: "A", problem });
const heard = (what: Order): SendEvent => ({ type: "heard", order: what });
const answered = (what: Order): SendEvent => ({ type: "answered", order: what });
const MISS: SendEvent = { type: "not_found", id: "A" };

describe("sending an order", () => {
  it("goes straight out when there is nothing to ask", () => {
    expect(reached(REVIEW).phase).toBe("sending");
  });

  it("asks first when the money is real or something is odd", () => {
    expect(reached({ ...REVIEW, mustConfirm: true }).phase).toBe("confirming");
    const odd: SendEvent = { ...REVIEW, questions: [{ code: "far", text: "far off" }] };
    expect(reached(odd).phase).toBe("confirming");
    expect(reached(odd, { type: "back" }).phase).toBe("draft");
    expect(reached(odd, { type: "confirm" }).phase).toBe("sending");
  });

  it("tells an answer as what it is", () => {
    expect(reached(REVIEW, answered(order("accepted"))).phase).toBe("accepted");
    expect(reached(REVIEW, answered(order("filled"))).phase).toBe("accepted");
    const broker = { status: "Rejected", code: "110007", text: "ab not enough for new order" };
    expect(reached(REVIEW, answered(order("rejected", { broker })))).toMatchObject({
      phase: "rejected",
      refusal: { code: "110007", text: "ab not enough for new order" },
    });
  });

  it("tells a refusal of ours with its code and words", () => {
    const problem = new ApiProblem(422, "denied_by_risk", "90000 is more than 10 % beyond 66100");
    expect(reached(REVIEW, failed(problem))).toMatchObject({
      phase: "denied",
      refusal: { code: "denied_by_risk", text: "90000 is more than 10 % beyond 66100" },
    });
  });

  it("never calls silence a failure", () => {
    expect(reached(REVIEW, failed(NO_ANSWER)).phase).toBe("unknown");
    expect(reached(REVIEW, failed(new ApiProblem(500, "internal_error", "oops"))).phase).toBe("unknown");
    expect(reached(REVIEW, failed(new ApiProblem(504, "outcome_unknown", "no word"))).phase).toBe("unknown");
    expect(reached(REVIEW, failed(new ApiProblem(422, "idempotency_conflict", "used"))).phase).toBe(
      "unknown",
    );
  });

  it.each([
    [422, "validation_error", true],
    [501, "unsupported", true],
    [403, "live_not_allowed", true],
    [503, "not_connected", true],
    [503, "journal_unavailable", false],
    [502, "unreachable", false],
    [409, "conflict", false],
    [0, "unreachable", false],
  ])("takes %i %s for certain: %s", (status, code, expected) => {
    expect(isCertain({ status, code })).toBe(expected);
  });

  it("stays unknown while the broker has not acknowledged it", () => {
    expect(reached(REVIEW, answered(order("submitted"))).phase).toBe("unknown");
    expect(reached(REVIEW, heard(order("submitted"))).phase).toBe("sending");
    const unknown = { since: "2026-11-23T12:00:00Z", reason: "no answer in 5 s" };
    expect(reached(REVIEW, answered(order("accepted", { outcome_unknown: unknown })))).toMatchObject({
      phase: "unknown",
      reason: "no answer in 5 s",
    });
  });

  it("lets nobody edit or send while the outcome is unknown", () => {
    const state = reached(REVIEW, failed(NO_ANSWER));
    expect(isBusy(state)).toBe(true);
    for (const event of [
      REVIEW,
      { type: "edited" },
      { type: "leave" },
      { type: "back" },
      { type: "send_again" },
    ])
      expect(next(state, event as SendEvent)).toBe(state);
  });

  it("is freed by the stream, or by the status that was asked for", () => {
    expect(reached(REVIEW, failed(NO_ANSWER), heard(order("accepted"))).phase).toBe("accepted");
    expect(reached(REVIEW, failed(NO_ANSWER), heard(order("rejected"))).phase).toBe("rejected");
    expect(reached(REVIEW, failed(NO_ANSWER), heard(order("accepted", { client_order_id: "B" }))).phase).toBe(
      "unknown",
    );
  });

  it("believes that nothing arrived only after the third miss in a row", () => {
    const asked = [REVIEW, failed(NO_ANSWER), MISS, MISS];
    expect(reached(...asked).phase).toBe("unknown");
    expect(reached(...asked, heard(order("submitted")), MISS).phase).toBe("unknown");
    expect(reached(...asked, MISS).phase).toBe("unsent");
  });

  it("sends what never arrived again under the same id, so that it cannot be two", () => {
    const again = reached(REVIEW, failed(NO_ANSWER), MISS, MISS, MISS, { type: "send_again" });
    expect(again).toEqual({ phase: "sending", request: REQUEST });
  });

  it("keeps the stream's word when the answer is lost afterwards", () => {
    expect(reached(REVIEW, heard(order("accepted")), failed(NO_ANSWER)).phase).toBe("accepted");
  });

  it("begins anew with the next edit, and lets an order go that the server keeps", () => {
    expect(reached(REVIEW, answered(order("accepted")), { type: "edited" })).toEqual(DRAFT);
    expect(reached(REVIEW, answered(order("submitted")), { type: "leave" })).toEqual(DRAFT);
  });
});
