"""How a request is answered: messages one after the other, with pauses in long work."""

from collections.abc import Iterable
from enum import Enum
from typing import Final


class Pause(Enum):
    """Stands between messages where the server lets other clients have their turn."""

    HERE = "here"


PAUSE: Final = Pause.HERE
Answer = Iterable[object]
"""Messages and pauses, maybe computed as they are taken."""
