"""Messages of the session itself: start, ids, time, errors. Requests come from the client."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from edgerunner.simulators.tws.wire.kinds import Escaped, Flag, Text, Whole, WholeOrZero
from edgerunner.simulators.tws.wire.layout import Since

NO_REQUEST: Final = -1
"""Request id of an error that answers no request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartApi:
    """Log on as a client."""

    MESSAGE_ID: ClassVar = 71
    VERSION: ClassVar = 2
    client_id: Whole
    capabilities: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestIds:
    """Ask for the next order id; the count is ignored by TWS."""

    MESSAGE_ID: ClassVar = 8
    VERSION: ClassVar = 1
    count: WholeOrZero = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestManagedAccounts:
    """Ask for the account list."""

    MESSAGE_ID: ClassVar = 17
    VERSION: ClassVar = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCurrentTime:
    """Ask for the server's time."""

    MESSAGE_ID: ClassVar = 49
    VERSION: ClassVar = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SetServerLogLevel:
    """Choose what the server logs, 1 to 5."""

    MESSAGE_ID: ClassVar = 14
    VERSION: ClassVar = 1
    level: WholeOrZero


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestNewsBulletins:
    """Subscribe to bulletins."""

    MESSAGE_ID: ClassVar = 12
    VERSION: ClassVar = 1
    wants_all: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelNewsBulletins:
    """End bulletins."""

    MESSAGE_ID: ClassVar = 13
    VERSION: ClassVar = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestUserInfo:
    """Ask for the user's white branding id."""

    MESSAGE_ID: ClassVar = 104
    request_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedAccounts:
    """Accounts, separated by commas."""

    MESSAGE_ID: ClassVar = 15
    VERSION: ClassVar = 1
    accounts: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class NextValidId:
    """The smallest order id that the client may use."""

    MESSAGE_ID: ClassVar = 9
    VERSION: ClassVar = 1
    order_id: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMessage:
    """An error, a warning or a notice."""

    MESSAGE_ID: ClassVar = 4
    VERSION: ClassVar = 2
    request_id: Whole
    code: Whole
    text: Escaped
    advanced_reject: Annotated[Text, Since(166)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentTime:
    """The server's time in seconds since 1970."""

    MESSAGE_ID: ClassVar = 49
    VERSION: ClassVar = 1
    time_s: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInfo:
    """The user's white branding id."""

    MESSAGE_ID: ClassVar = 107
    request_id: Whole
    white_branding_id: Text


REQUESTS: Final[tuple[type, ...]] = (
    StartApi,
    RequestIds,
    RequestManagedAccounts,
    RequestCurrentTime,
    SetServerLogLevel,
    RequestNewsBulletins,
    CancelNewsBulletins,
    RequestUserInfo,
)
MESSAGES: Final[tuple[type, ...]] = (ManagedAccounts, NextValidId, ErrorMessage, CurrentTime, UserInfo)
