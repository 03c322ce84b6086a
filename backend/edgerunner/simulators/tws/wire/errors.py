"""What is wrong with bytes or values on the TWS socket."""


class WireError(Exception):
    """Bytes that are no message of the protocol, or a value that the protocol cannot carry."""


class FrameError(WireError):
    """Broken framing: after it nothing on this connection can be trusted."""


class MessageError(WireError):
    """One message is malformed; the next one may be fine.

    ``request_id`` is what stands in its place of a request or order id, or -1.
    """

    def __init__(self, detail: str, *, request_id: int = -1) -> None:
        super().__init__(detail)
        self.request_id = request_id


class UnknownMessage(MessageError):
    """A message id that this codec does not know."""

    def __init__(self, message_id: int, *, request_id: int = -1) -> None:
        super().__init__(f"unknown message id {message_id}", request_id=request_id)
        self.message_id = message_id
