"""What a message of the order path tells, which decides when a profile or a fault lets it go."""

from enum import StrEnum


class Stage(StrEnum):
    """The step in an order's life that a parcel of messages tells."""

    ACKNOWLEDGED = "acknowledged"
    """The first openOrder and orderStatus after a placement or a change."""

    STATUS = "status"
    """Any later openOrder and orderStatus that neither ends the order nor tells a cancel under way."""

    NOTICE = "notice"
    """An informational error about an order (399, 10349 ...)."""

    EXECUTION = "execution"
    COMMISSION = "commission"
    FILLED = "filled"
    """The openOrder and orderStatus that follow an execution, complete or partial."""

    PENDING_CANCEL = "pending_cancel"
    CANCELLED = "cancelled"
    """The orderStatus Cancelled, and error 202 behind it."""

    REJECTED = "rejected"
    """The error that refuses an order, and the orderStatus behind it."""

    END_MARKER = "end_marker"
