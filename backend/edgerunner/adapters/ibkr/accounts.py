"""Which of the gateway's accounts a connection uses, and whether they are real money. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from edgerunner.adapters.broker import Environment
from edgerunner.domain.errors import InvalidRequest

_PAPER: Final = re.compile(r"D[A-Z]?[0-9]+")
"""Paper accounts are named like real ones with a D before them: DU1234567, for advisors DF1234567."""


def is_paper(account_id: str) -> bool:
    """Tell whether an account trades play money; whatever is not named like one is taken for real."""
    return _PAPER.fullmatch(account_id) is not None


def chosen_accounts(told: Sequence[str], wanted: str | None, environment: Environment) -> tuple[str, ...]:
    """Return the accounts that a connection uses: the wanted one, else all.

    Raises ``InvalidRequest`` for an account that the gateway does not have, and for a paper account on a connection
    that says live. The other way round is the service's decision, which compares what ``Account.is_live`` says.
    """
    if wanted is not None and wanted not in told:
        text = f"this gateway has no account {wanted}; it is logged on for {', '.join(told)}"
        raise InvalidRequest.of("credentials.account", "unknown_account", text)
    accounts = tuple(told) if wanted is None else (wanted,)
    paper = [account for account in accounts if is_paper(account)]
    if environment is Environment.LIVE and paper:
        text = f"{paper[0]} is a paper account; name the environment paper"
        raise InvalidRequest.of("environment", "mismatch", text)
    return accounts
