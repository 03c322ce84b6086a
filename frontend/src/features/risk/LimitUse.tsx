import { type Use, useRisk } from "@/api/queries/risk";
import { decimal, negate, toPlain } from "@/domain/decimal";
import { money } from "@/domain/format";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";
import { Signed } from "@/ui/Signed";
import { LIMITS, limitWords, type LimitUse as OneUse, usesOf } from "./limits";
import { StateBadge } from "./StateBadge";

const EMPTY = { title: "No account is connected", hint: "Connect a broker on the screen Brokers." };

/** What holds for each account, the strictest of all its scopes, and how much of it is used. */
export function LimitUse() {
  const risk = useRisk();
  const uses = risk.data?.use ?? [];
  return (
    <Panel title="Use by account" state={queryState(risk, { isEmpty: uses.length === 0, ...EMPTY })}>
      <ul className="m-0 grid list-none grid-cols-[repeat(auto-fill,minmax(min(20rem,100%),1fr))] gap-2 p-2">
        {uses.map((use) => (
          <AccountUse key={`${use.connection_id} ${use.account_id}`} use={use} />
        ))}
      </ul>
    </Panel>
  );
}

function AccountUse({ use }: { readonly use: Use }) {
  const bars = usesOf(use);
  const others = othersOf(use, bars);
  return (
    <li className="rounded-sm border border-line bg-raised p-2.5">
      <h3 className="m-0 mb-2 flex flex-wrap items-baseline gap-x-3 text-sm">
        <span className="font-semibold break-all">
          {use.account_id} <span className="font-normal text-muted">at {use.connection_id}</span>
        </span>
        <StateBadge state={use.state} />
      </h3>
      <dl className="m-0 mb-2 grid grid-cols-[1fr_auto] gap-x-3 text-sm">
        <Fact name="Equity" text={amount(use.equity, use.currency)} />
        <Fact name="Exposure with working orders" text={amount(use.exposure, use.currency)} />
        <dt className="text-muted">Result of the day</dt>
        <dd className="m-0 text-right">
          {use.daily_loss === null ? (
            "not known"
          ) : (
            <Signed amount={resultOf(use.daily_loss)} currency={use.currency} />
          )}
        </dd>
        <Fact name="Working orders" text={String(use.open_orders)} />
      </dl>
      {bars.length === 0 && <p className="m-0 text-xs text-muted">No limit with a use is set.</p>}
      {bars.map((bar) => (
        <Bar key={bar.terms.name} bar={bar} />
      ))}
      {others.length > 0 && <p className="mt-2 mb-0 text-xs text-muted">{others.join(" \u00b7 ")}</p>}
    </li>
  );
}

/** Limits that every order is measured by, without a use that grows. */
function othersOf(use: Use, bars: readonly OneUse[]): readonly string[] {
  const shown = new Set(bars.map((bar) => bar.terms.name));
  return LIMITS.flatMap((terms) => {
    const text = shown.has(terms.name) ? null : limitWords(terms, use.limits[terms.name], use.currency);
    return text === null ? [] : [`${terms.word} ${text}`];
  });
}

/** The server tells losses as positive numbers. */
function resultOf(loss: string): string {
  return toPlain(negate(decimal(loss)));
}

function amount(text: string | null, currency: string): string {
  return text === null ? "not known" : `${money(text, currency)} ${currency}`;
}

function Fact({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="num m-0">{text}</dd>
    </>
  );
}

const LEVELS: Readonly<
  Record<OneUse["level"], { readonly fill: string; readonly text: string; readonly word: string }>
> = {
  fine: { fill: "bg-accent", text: "text-ink", word: "" },
  near: { fill: "bg-warn", text: "text-warn", word: "\u25b2 near" },
  reached: { fill: "bg-danger", text: "text-danger", word: "\u2715 reached" },
  unknown: { fill: "", text: "text-warn", word: "? not known" },
};

function Bar({ bar }: { readonly bar: OneUse }) {
  const { fill, text, word } = LEVELS[bar.level];
  return (
    <div className="mb-1.5 text-sm">
      <div className="flex flex-wrap justify-between gap-x-3">
        <span>
          {bar.terms.word} <span className={`text-xs font-semibold ${text}`}>{word}</span>
        </span>
        <span className="num">
          {bar.used} of {bar.allowed}
        </span>
      </div>
      <div
        aria-hidden="true"
        className={`mt-0.5 h-1.5 rounded-sm bg-line ${bar.perMille === null ? "hatched" : ""}`}
      >
        <div className={`h-full rounded-sm ${fill}`} style={{ width: `${(bar.perMille ?? 0) / 10}%` }} />
      </div>
    </div>
  );
}
