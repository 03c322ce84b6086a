"""What a limit or a halt concerns: everything, a connection, one account, or one strategy."""

from dataclasses import dataclass

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.identifiers import CONNECTION_ID

FORMS = "all, connection:<connection_id>, account:<connection_id>:<account_id> or strategy:<strategy_id>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A part of the installation; all None = everything."""

    connection_id: str | None = None
    account_id: str | None = None
    strategy_id: str | None = None

    def __str__(self) -> str:
        if self.strategy_id is not None:
            return f"strategy:{self.strategy_id}"
        if self.connection_id is None:
            return "all"
        if self.account_id is None:
            return f"connection:{self.connection_id}"
        return f"account:{self.connection_id}:{self.account_id}"

    def covers(self, *, connection_id: str, account_id: str, strategy_id: str | None) -> bool:
        """Tell whether an order of this origin is concerned."""
        if self.strategy_id is not None:
            return self.strategy_id == strategy_id
        return self.connection_id in {None, connection_id} and self.account_id in {None, account_id}


EVERYTHING = Scope()


def parse_scope(text: str) -> Scope:
    """Return the scope that a text names; raises ``InvalidRequest`` of the field ``scope``."""
    kind, _, rest = text.partition(":")
    connection_id, has_account, account_id = rest.partition(":")
    match kind:
        case "all" if text == "all":
            return EVERYTHING
        case "connection" if CONNECTION_ID.fullmatch(rest):
            return Scope(connection_id=rest)
        case "account" if CONNECTION_ID.fullmatch(connection_id) and has_account and account_id:
            return Scope(connection_id=connection_id, account_id=account_id)
        case "strategy" if CONNECTION_ID.fullmatch(rest):
            return Scope(strategy_id=rest)
    raise InvalidRequest.of("scope", "invalid", f"must be {FORMS}")
