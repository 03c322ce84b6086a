import type { ReactNode } from "react";

/** The six states that every panel has. `live` shows children as they are; the others say why they cannot be trusted. */
export type PanelState =
  | { readonly kind: "loading" }
  | { readonly kind: "empty"; readonly title: string; readonly hint: ReactNode }
  | { readonly kind: "live" }
  | { readonly kind: "stale"; readonly since: string }
  | { readonly kind: "disconnected"; readonly hint: string }
  | { readonly kind: "denied"; readonly reason: string };

export const LIVE: PanelState = { kind: "live" };
export const LOADING: PanelState = { kind: "loading" };

type Props = {
  readonly title: string;
  readonly state: PanelState;
  readonly actions?: ReactNode;
  readonly children?: ReactNode;
  readonly className?: string;
};

/** A titled part of a screen. Old data stays visible but is marked; actions belong to whoever draws them. */
export function Panel({ title, state, actions, children, className = "" }: Props) {
  return (
    <section
      aria-label={title}
      aria-busy={state.kind === "loading"}
      className={`flex min-h-0 min-w-0 flex-col overflow-hidden rounded-md border border-line bg-surface ${className}`}
    >
      <header className="flex min-h-8 items-center gap-2 border-b border-line px-2.5">
        <h2 className="m-0 truncate text-sm font-semibold">{title}</h2>
        <PanelNote state={state} />
        <div className="ml-auto flex items-center gap-1">{actions}</div>
      </header>
      <PanelBody state={state}>{children}</PanelBody>
    </section>
  );
}

function PanelNote({ state }: { readonly state: PanelState }) {
  if (state.kind === "stale") {
    return <span className="text-xs font-medium text-warn">not current since {state.since}</span>;
  }
  return state.kind === "disconnected" ? (
    <span className="text-xs font-medium text-danger">disconnected</span>
  ) : null;
}

function PanelBody({ state, children }: { readonly state: PanelState; readonly children: ReactNode }) {
  switch (state.kind) {
    case "loading":
      return <Skeleton />;
    case "empty":
      return <Message title={state.title} hint={state.hint} />;
    case "denied":
      return <Message title="Not available" hint={state.reason} />;
    case "disconnected":
      return (
        <div className="relative min-h-0 flex-1 overflow-auto">
          <div className="hatched pointer-events-none" inert>
            {children}
          </div>
          <p className="absolute inset-x-0 top-2 mx-auto w-fit rounded-sm border border-line bg-raised px-2 py-1 text-sm">
            {state.hint}
          </p>
        </div>
      );
    case "stale":
      return <div className="hatched min-h-0 flex-1 overflow-auto">{children}</div>;
    case "live":
      return <div className="min-h-0 flex-1 overflow-auto">{children}</div>;
  }
}

function Skeleton() {
  return (
    <div className="flex flex-col gap-2 p-3" role="status" aria-label="loading">
      <div className="h-3 w-2/3 animate-pulse rounded-sm bg-raised" />
      <div className="h-3 w-1/2 animate-pulse rounded-sm bg-raised" />
      <div className="h-3 w-3/5 animate-pulse rounded-sm bg-raised" />
    </div>
  );
}

function Message({ title, hint }: { readonly title: string; readonly hint: ReactNode }) {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-1 p-6 text-center">
      <p className="m-0 font-medium">{title}</p>
      <div className="max-w-[46ch] text-sm text-muted">{hint}</div>
    </div>
  );
}
