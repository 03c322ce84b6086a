"""Sees every row red: breaks the product in a copy, one mechanism at a time, and runs the row against it.

``python -m tests.drills.red`` prints for each row what was broken and how many scenarios noticed. A row
that nobody can make fail proves nothing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tests.drills.rows import ROWS
from tests.drills.running import UNOPENED

BACKEND = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One mechanism taken out: in ``file``, ``old`` becomes ``new``; ``words`` say what that means.

    ``also``: what would heal it is taken out with it. ``broker``: where the row is seen red.
    """

    words: str
    file: str
    old: str
    new: str
    also: "Break | None" = None
    broker: str = "bybit"

    def edits(self) -> "list[Break]":
        """Return every edit, this one first."""
        return [self, *(self.also.edits() if self.also else [])]


_ORDER_SERVICE = "services/order_service.py"
_RESOLVER = "services/resolver.py"
_SYNC = "services/session_sync.py"

NO_INTENT = Break(
    words="the intent is not written before the order is sent",
    file=_ORDER_SERVICE,
    old="placed = await self._record_new(initialized, OrderSubmitted(magic=magic), idempotency)",
    new=(
        "await session.adapter.place_order(PlaceOrder(client_order_id=initialized.client_order_id or '', "
        "account_id=initialized.account_id, terms=terms)); "
        "placed = await self._record_new(initialized, OrderSubmitted(magic=magic), idempotency)"
    ),
)
NEVER_LOOKED_UP = Break(
    words="orders without an answer are not looked up",
    file=_RESOLVER,
    old="        self._observe(now_ns)\n",
    new="        return\n",
)
TIMEOUT_IS_REJECTION = Break(
    words="a lost answer counts as a rejection",
    file="services/sending.py",
    old="        return OrderOutcomeUnknown(reason=str(error) or",
    new='        return refused(BrokerWords(code="timeout", text="")) or OrderOutcomeUnknown(reason=str(error) or',
)
NO_KEYS = Break(
    words="idempotency keys are not looked at",
    file=_ORDER_SERVICE,
    old="        if idempotency is None:\n            placed",
    new="        if True:\n            placed",
)
NO_REREADING = Break(
    words="nothing is read again after an interruption",
    file=_SYNC,
    old="            summaries = await self._reconciler.reconcile(is_complete=must)",
    new=(
        "            if self._reconciled.is_set():\n"
        "                self._has_caught_up.set(); self._session.is_reconciled = True\n"
        "                self._on_health(self._session)\n"
        "                self._next_reconcile_ns = self._clock.monotonic_ns() + 10**10; return\n"
        "            summaries = await self._reconciler.reconcile(is_complete=must)"
    ),
)
NOBODY_FINDS_OUT = replace(
    NO_REREADING,
    words="nothing is read again after an interruption, and orders without an answer are not looked up",
    also=NEVER_LOOKED_UP,
)
NO_READING_AT_START = Break(
    words="a start trusts its own book and reads nothing",
    file=_SYNC,
    old="            summaries = await self._reconciler.reconcile(is_complete=must)",
    new="            summaries = await self._session.adapter.get_account_summary()",
)
NOTHING_FINDS_OUT = replace(
    NO_READING_AT_START,
    words="a start reads nothing, and orders without an answer are not looked up",
    also=NEVER_LOOKED_UP,
)
OLD_NEWS_IS_DROPPED = Break(
    words="news older than a quarter of a second is not booked, and nothing is read again",
    file=_SYNC,
    old="                self._backlog.append(update)",
    new=(
        "                if self._clock.now_ns() - update.ts_event_ns < 250_000_000:\n"
        "                    self._backlog.append(update)"
    ),
    also=NO_REREADING,
)
LATE_NEWS_WINS = Break(
    words="late news about a closed order is believed",
    file="domain/order_machine.py",
    old="    return order.status.is_closed if stamp is None else _is_older(order, stamp)",
    new="    return False",
)
AS_THEY_ARRIVE = Break(
    words="fills are booked in the order in which they arrive",
    file="domain/positions.py",
    old="        if self.ts_ns != other.ts_ns:\n            return self.ts_ns > other.ts_ns\n",
    new="        return False\n",
    broker="ibkr",
)
CANCELS_GIVE_UP = Break(
    words="a cancel waits five seconds for its turn under the broker's limit",
    file="adapters/bybit/limits.py",
    old="None if priority is Priority.CANCEL else timeout_s",
    new="timeout_s",
)
CANCEL_WINS = Break(
    words="a fill that arrives while a cancel is under way is not counted, and missing fills are not looked for",
    file="domain/order_machine.py",
    old="            return _fill(order, body)",
    new="            return order if order.pending_cancel or order.closed_as else _fill(order, body)",
    also=Break(
        words="missing fills are not looked for",
        file=_RESOLVER,
        old="        for client_order_id in client_order_ids:\n",
        new="        for client_order_id in ():\n",
    ),
)
NO_SILENCE = Break(
    words="a silent socket is never given up",
    file="adapters/bybit/link.py",
    old="if self._clock.monotonic_ns() - self._heard_ns >= 2 * heartbeat_ns:",
    new="if False:",
)
NO_PAUSE = Break(
    words="reconnecting does not pause",
    file="adapters/bybit/link.py",
    old="        if self._started_ns is None:\n            return\n",
    new="        if True:\n            await asyncio.sleep(0); return\n",
)
OWN_CLOCK = Break(
    words="requests are stamped by our own clock and refusals for it are final",
    file="adapters/bybit/server_clock.py",
    old="        return self._anchor_ns + self._clock.monotonic_ns()",
    new="        return self._clock.time_ns()",
)
LOCK_IS_IGNORED = Break(
    words="an order is sent although its intent could not be written",
    file=_ORDER_SERVICE,
    old=NO_INTENT.old,
    new=NO_INTENT.new,
)
NO_BELIEF_CHECK = Break(
    words="quotes are believed whatever they say",
    file="risk/checks.py",
    old="    limits, quote = facts.limits, facts.quote\n    if limits.max_quote_age_s is None:\n        return None\n",
    new="    return None\n    limits, quote = facts.limits, facts.quote\n",
)
REJECTION_IS_RETRIED = Break(
    words="a refusal by the broker is an open question",
    file="services/sending.py",
    old="        return refused(BrokerWords(code=error.broker_code, text=error.text))",
    new="        return OrderOutcomeUnknown(reason=error.text)",
)
NO_ADOPTION = Break(
    words="orders that others made are not taken in",
    file="services/booking.py",
    old="            if isinstance(report, OrderReport) and await self._is_unknown(batch, report):",
    new="            if False and isinstance(report, OrderReport) and await self._is_unknown(batch, report):",
)
HALT_IS_FORGOTTEN = Break(
    words="a start forgets what was halted",
    file="services/risk_service.py",
    old="        for stored in await self._store.scopes():",
    new="        for stored in []:",
)
GARBAGE_IS_FATAL = Break(
    words="a message that cannot be read ends the link for good",
    file="adapters/bybit/link.py",
    old="            self._down(reason)\n",
    new="            self._down(reason); return\n",
)
SKIPS_NUMBERS = Break(
    words="every tenth message of a channel is left out",
    file="services/hub.py",
    old="        self.seq += 1\n",
    new="        self.seq += 1 + (self.seq % 10 == 9)\n",
)
MISSED_FILLS_STAY = replace(
    NO_REREADING,
    words="nothing is read again after an interruption, and missing fills are not looked for",
    also=CANCEL_WINS.also,
    broker="ibkr",
)
FEEDS_STAY_LOST = Break(
    words="subscriptions that 1101 has ended are not made again",
    file="adapters/ibkr/session.py",
    old="self.market.data_lost() if is_data_lost else None",
    new="None",
    broker="ibkr",
)
TAKEN_OVER_AGAIN = Break(
    words="what an account holds is taken over at every start, as if the connection were new",
    file="services/reconciliation.py",
    old="if mark_ns is None and not self._journal.positions(self._session.connection_id):",
    new="if True:",
    broker="ibkr",
    also=Break(
        words="without its fills",
        file="services/reconciliation.py",
        old="        fills = await self._session.adapter.get_fills(since_ns)\n        reports",
        new="        fills: list[FillReport] = []\n        reports",
    ),
)
NO_KEY_IS_READ = Break(
    words="executions and completed orders are known by the broker's id alone",
    file="adapters/ibkr/executions.py",
    old="            client_order_id=client_key(execution.orderRef),",
    new="            client_order_id=None,",
    broker="ibkr",
    also=Break(
        words="completed orders too",
        file="adapters/ibkr/order_book.py",
        old="            order=order,\n            instrument=instrument,\n            status=state.status,",
        new=(
            "            order=dataclasses.replace(order, orderRef=''),\n"
            "            instrument=instrument,\n            status=state.status,"
        ),
    ),
)
NO_SIGN = replace(
    NO_KEY_IS_READ,
    words="an execution is no sign of the order that was placed",
    also=Break(
        words="it acknowledges nothing, and nobody asks whose it is",
        file="adapters/ibkr/order_desk.py",
        old="                expectation.hear(Echo(perm_id=execution.permId))",
        new="                pass",
        also=NO_KEY_IS_READ.also,
    ),
)
IDS_AS_TOLD = Break(
    words="order ids are taken as the broker gives them",
    file="adapters/ibkr/orders.py",
    old="self._desk.book.highest_id(self._desk.client_id)",
    new="0",
    broker="ibkr",
    also=Break(
        words="ids of listed orders are not looked at",
        file="adapters/ibkr/ears.py",
        old="            self.next_order_id = max(self.next_order_id, orderId + 1)",
        new="            pass",
    ),
)

SENT_AGAIN = Break(
    words="an order without an answer is sent again",
    file="adapters/mt5/bridge.py",
    old="            told = await self._kept_answer(key)\n",
    new='            return await self._send(request, f"{key}-again")\n',
    broker="mt5",
)
COMMENTS_ALONE = Break(
    words="orders are known by their comments alone",
    file="adapters/mt5/own_keys.py",
    old="        known = self._by_magic.get(magic)\n",
    new="        known = None\n",
    broker="mt5",
)

BREAKS: dict[str, Break] = {
    "M1": replace(TIMEOUT_IS_REJECTION, broker="mt5"),
    "M2": SENT_AGAIN,
    "M3": replace(TIMEOUT_IS_REJECTION, broker="mt5"),
    "M4": COMMENTS_ALONE,
    "F1a": NO_INTENT,
    "F1b": NOTHING_FINDS_OUT,
    "F1c": NEVER_LOOKED_UP,
    "F1d": OLD_NEWS_IS_DROPPED,
    "F2a": NO_ADOPTION,
    "F2b": NO_ADOPTION,
    "F3a": NEVER_LOOKED_UP,
    "F3b": NOBODY_FINDS_OUT,
    "F4": LATE_NEWS_WINS,
    "F4b": AS_THEY_ARRIVE,
    "B1": MISSED_FILLS_STAY,
    "B2": FEEDS_STAY_LOST,
    "B3": TAKEN_OVER_AGAIN,
    "B4": TIMEOUT_IS_REJECTION,
    "B5": NO_SIGN,
    "B7": NO_KEY_IS_READ,
    "B8": IDS_AS_TOLD,
    "B9": NO_KEYS,
    "F5a": NO_REREADING,
    "F5b": CANCEL_WINS,
    "F6": NO_SILENCE,
    "F7": NO_PAUSE,
    "F8": OWN_CLOCK,
    "F9": NEVER_LOOKED_UP,
    "F9b": CANCELS_GIVE_UP,
    "F10": LOCK_IS_IGNORED,
    "F11": LOCK_IS_IGNORED,
    "F14": NO_KEYS,
    "F16": NO_BELIEF_CHECK,
    "F17": REJECTION_IS_RETRIED,
    "F18": NO_ADOPTION,
    "F19": NO_READING_AT_START,
    "F20": GARBAGE_IS_FATAL,
    "F21": SKIPS_NUMBERS,
    "F22": HALT_IS_FORGOTTEN,
}


def see_red(name: str, scenarios: int) -> str:
    """Break the copy, run the row on it, and return the line to print."""
    chosen = BREAKS[name]
    row = next(row for row in ROWS if row.name == name)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "backend"
        shutil.copytree(BACKEND, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for edit in chosen.edits():
            target = copy / "edgerunner" / edit.file
            text = target.read_text()
            if edit.old not in text:
                return f"{name:5} NOT BROKEN  {edit.file} has changed: mend the break in red.py"
            target.write_text(text.replace(edit.old, edit.new))
        command = [
            sys.executable, "-m", "tests.drills", "--rows", name, "--share", str(scenarios / row.count),
            "--seed", "1", "--workers", "1", "--settle", "20", "--broker", chosen.broker,
        ]  # fmt: skip
        environment = {
            **os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "DRILLS_PATIENCE_S": "40",
        }  # fmt: skip
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)
    told = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    failed = [line for line in told if UNOPENED not in line]  # a product that cannot even start shows nothing
    verdict = "red" if failed else "STILL GREEN"
    first = failed[0][:200] if failed else done.stderr[-300:]
    return f"{name:5} {verdict:11} {len(failed)} of {scenarios}: {chosen.words}\n      {first}"


def main() -> None:
    """See the named rows red, all without names; exit code 1 when one stays green."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", help="names with commas; all without it")
    parser.add_argument("--scenarios", type=int, default=6)
    arguments = parser.parse_args()
    names = arguments.rows.split(",") if arguments.rows else [row.name for row in ROWS]
    lines = []
    for name in names:
        lines.append(see_red(name, arguments.scenarios))
        print(lines[-1], flush=True)
    sys.exit(0 if all(" red " in line for line in lines) else 1)


if __name__ == "__main__":
    main()
