import type { ApiProblem } from "@/api/problem";
import type { TradeRequest } from "@/api/queries/trade";
import { type Order, refusalOf } from "@/domain/orders";
import type { Question } from "./questions";

/** What goes out: the terms with the id of this very draft. Sent again it is the same order. */
export type SendRequest = TradeRequest & { readonly client_order_id: string };

export type Refusal = {
  readonly code: string | null;
  readonly text: string;
  readonly errors: readonly { readonly field: string; readonly message: string }[];
};

/**
 * Where the ticket's order is on its way. `unknown` never means failed: the server is asked until it tells.
 *
 * `unsent` is the server's word that it does not have the order; sending it again cannot make a second one.
 */
export type SendState =
  | { readonly phase: "draft" }
  | { readonly phase: "confirming"; readonly request: SendRequest; readonly questions: readonly Question[] }
  | { readonly phase: "sending"; readonly request: SendRequest }
  | {
      readonly phase: "unknown";
      readonly request: SendRequest;
      readonly reason: string;
      /** How often in a row the server said that it does not know the order. */
      readonly misses: number;
      readonly order: Order | null;
    }
  | { readonly phase: "unsent"; readonly request: SendRequest; readonly reason: string }
  | { readonly phase: "accepted"; readonly request: SendRequest; readonly order: Order }
  | {
      readonly phase: "rejected";
      readonly request: SendRequest;
      readonly order: Order;
      readonly refusal: Refusal;
    }
  | { readonly phase: "denied"; readonly request: SendRequest; readonly refusal: Refusal };

export type SendEvent =
  | {
      readonly type: "review";
      readonly request: SendRequest;
      readonly questions: readonly Question[];
      readonly mustConfirm: boolean;
    }
  | { readonly type: "back" }
  | { readonly type: "confirm" }
  | { readonly type: "answered"; readonly order: Order }
  | { readonly type: "failed"; readonly id: string; readonly problem: ApiProblem }
  | { readonly type: "heard"; readonly order: Order }
  | { readonly type: "not_found"; readonly id: string }
  | { readonly type: "send_again" }
  | { readonly type: "edited" }
  | { readonly type: "leave" };

export const DRAFT: SendState = { phase: "draft" };

/** Misses in a row until the order counts as never arrived: a request may still be on its way. */
export const MISSES_UNTIL_UNSENT = 3;

/** The next state; the same object when the event means nothing in this state. Pure. */
export function next(state: SendState, event: SendEvent): SendState {
  switch (event.type) {
    case "review":
      return isBusy(state) ? state : reviewed(event);
    case "back":
      return state.phase === "confirming" ? DRAFT : state;
    case "confirm":
      return state.phase === "confirming" ? { phase: "sending", request: state.request } : state;
    case "send_again":
      return state.phase === "unsent" ? { phase: "sending", request: state.request } : state;
    case "answered":
      return isAbout(state, event.order.client_order_id) ? standing(state, event.order, true) : state;
    case "heard":
      return isAbout(state, event.order.client_order_id) ? standing(state, event.order, false) : state;
    case "failed":
      return state.phase === "sending" && isAbout(state, event.id)
        ? failed(state.request, event.problem)
        : state;
    case "not_found":
      return state.phase === "unknown" && isAbout(state, event.id) ? missed(state) : state;
    case "edited":
      return isBusy(state) ? state : DRAFT;
    case "leave":
      return state.phase === "unknown" && state.order !== null ? DRAFT : state;
  }
}

/** While the ticket must not be edited or sent. */
export function isBusy(state: SendState): boolean {
  return state.phase === "confirming" || state.phase === "sending" || state.phase === "unknown";
}

type Under = Exclude<SendState, { phase: "draft" } | { phase: "confirming" }>;

function isAbout(state: SendState, id: string): state is Under {
  return state.phase !== "draft" && state.phase !== "confirming" && state.request.client_order_id === id;
}

function reviewed({ request, questions, mustConfirm }: Extract<SendEvent, { type: "review" }>): SendState {
  return mustConfirm || questions.length > 0
    ? { phase: "confirming", request, questions }
    : { phase: "sending", request };
}

/** What the server says of the order; `isAnswer` = it has waited for the broker as long as it does. */
function standing(state: Under, order: Order, isAnswer: boolean): SendState {
  const { request } = state;
  if (order.outcome_unknown !== null)
    return { phase: "unknown", request, reason: order.outcome_unknown.reason, misses: 0, order };
  const refusal = refusalOf(order);
  switch (order.status) {
    case "initialized":
    case "submitted":
      if (state.phase === "sending" && !isAnswer) return state;
      return {
        phase: "unknown",
        request,
        reason: "the broker has not acknowledged it yet",
        misses: 0,
        order,
      };
    case "denied":
      return { phase: "denied", request, refusal: wordsOf(refusal) };
    case "rejected":
      return { phase: "rejected", request, order, refusal: wordsOf(refusal) };
    default:
      return { phase: "accepted", request, order };
  }
}

function wordsOf(refusal: ReturnType<typeof refusalOf>): Refusal {
  return { code: refusal?.code ?? null, text: refusal?.text ?? "no reason was given", errors: [] };
}

function failed(request: SendRequest, problem: ApiProblem): SendState {
  const { code, detail, errors } = problem;
  return isCertain(problem)
    ? { phase: "denied", request, refusal: { code, text: detail, errors } }
    : { phase: "unknown", request, reason: `${detail} (${code})`, misses: 0, order: null };
}

const CERTAIN_CODES: ReadonlySet<string> = new Set([
  "validation_error",
  "denied_by_risk",
  "unauthorized",
  "forbidden",
  "live_not_allowed",
  "not_found",
  "method_not_allowed",
  "payload_too_large",
  "rate_limited",
  "unsupported",
  "not_connected",
]);

/** Whether an error answer says for sure that no order went out. Everything else is asked about. */
export function isCertain(problem: Pick<ApiProblem, "status" | "code">): boolean {
  return problem.status > 0 && CERTAIN_CODES.has(problem.code);
}

function missed(state: Extract<SendState, { phase: "unknown" }>): SendState {
  const misses = state.misses + 1;
  if (misses < MISSES_UNTIL_UNSENT) return { ...state, misses };
  return { phase: "unsent", request: state.request, reason: state.reason };
}
