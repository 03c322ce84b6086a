import { type FormEvent, useState } from "react";
import type { Schemas } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import { type Risk, useArm, useDisarm, useRisk } from "@/api/queries/risk";
import { useServices } from "@/app/services";
import { timeOfDay } from "@/domain/format";
import { useRows } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { ModeBadge } from "@/ui/ModeBadge";
import { Panel } from "@/ui/Panel";
import { ProblemNote } from "@/ui/ProblemNote";
import { queryState } from "@/ui/queryState";
import { useNow } from "@/ui/useNow";
import { type LiveAccount, liveAccounts, minutesLeft } from "./arming-rules";

/** Which real-money accounts may trade now, and for how long. */
export function Arming() {
  const risk = useRisk();
  const { config } = useServices();
  const accounts = liveAccounts(useRows<Schemas["ConnectionAnswer"]>("connections"));
  const hint = config.live_allowed
    ? "No connected account is live. What is connected now needs no arming."
    : "This server allows no real money: it was started without EDGERUNNER_ALLOW_LIVE=true. What is connected now needs no arming.";
  return (
    <Panel
      title="Real money"
      state={queryState(risk, { isEmpty: accounts.length === 0, title: "Nothing to arm", hint })}
    >
      <p className="m-0 px-2.5 pt-2 text-sm text-muted">
        Orders and changes of a live account pass only while it is armed. Arming ends by itself, when you
        disarm it, and with the server. Cancels and closing positions pass without it.
      </p>
      <ul className="m-0 flex list-none flex-col gap-2 p-2">
        {accounts.map((account) => (
          <AccountArming
            key={`${account.connectionId} ${account.accountId}`}
            account={account}
            armed={risk.data?.armed ?? []}
          />
        ))}
      </ul>
    </Panel>
  );
}

type AccountProps = { readonly account: LiveAccount; readonly armed: Risk["armed"] };

function AccountArming({ account, armed }: AccountProps) {
  const { connectionId, accountId } = account;
  const disarm = useDisarm();
  const arming = armed.find((each) => each.connection_id === connectionId && each.account_id === accountId);
  const nowMs = useNow(arming === undefined ? null : 10_000);
  const left = arming === undefined ? 0 : minutesLeft(arming.armed_until, nowMs);
  return (
    <li className="rounded-sm border border-line bg-raised p-2.5 text-sm">
      <h3 className="m-0 mb-2 flex flex-wrap items-center gap-2 text-sm">
        <ModeBadge mode="live" />
        <span className="break-all">
          {accountId} <span className="font-normal text-muted">at {connectionId}</span>
        </span>
      </h3>
      {arming !== undefined && left > 0 ? (
        <div className="flex flex-wrap items-center gap-3">
          <span className="font-semibold text-danger">
            {"\u25a0"} Armed until {timeOfDay(arming.armed_until)} UTC, {left} min
          </span>
          <Button
            needs="trade"
            disabled={disarm.isPending}
            onClick={() => disarm.mutate({ connection_id: connectionId, account_id: accountId })}
          >
            Disarm
          </Button>
          <ProblemNote error={disarm.error} />
        </div>
      ) : (
        <ArmForm account={account} />
      )}
    </li>
  );
}

function ArmForm({ account }: { readonly account: LiveAccount }) {
  const [confirm, setConfirm] = useState("");
  const [minutes, setMinutes] = useState("15");
  const arm = useArm();
  const { connectionId, accountId } = account;
  const problems = arm.error instanceof ApiProblem ? arm.error.errors : [];
  const errorOf = (field: string) => problems.find((each) => each.field === field)?.message;

  function submit(event: FormEvent): void {
    event.preventDefault();
    arm.mutate({ connection_id: connectionId, account_id: accountId, confirm, minutes: Number(minutes) });
  }

  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <div className="grid grid-cols-[minmax(0,1fr)_7rem] gap-2">
        <Field label="Repeat the account's id" error={errorOf("confirm")}>
          {({ id, describedBy }) => (
            <input
              id={id}
              aria-describedby={describedBy}
              autoComplete="off"
              value={confirm}
              onChange={(event) => setConfirm(event.target.value)}
              className={`border-line ${FIELD_LOOK}`}
            />
          )}
        </Field>
        <Field label="Minutes, 1 to 1440" error={errorOf("minutes")}>
          {({ id, describedBy }) => (
            <input
              id={id}
              aria-describedby={describedBy}
              type="number"
              min={1}
              max={1440}
              required
              value={minutes}
              onChange={(event) => setMinutes(event.target.value)}
              className={`num border-line ${FIELD_LOOK}`}
            />
          )}
        </Field>
      </div>
      <ProblemNote error={arm.error} />
      <div>
        <Button type="submit" look="danger" needs="admin" disabled={arm.isPending || confirm !== accountId}>
          Arm for real money
        </Button>
      </div>
    </form>
  );
}
