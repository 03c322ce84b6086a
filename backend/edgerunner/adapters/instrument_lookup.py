"""The optional part of the adapter contract: instruments of brokers that list too many to load them all at connect.

An adapter that has it answers ``get_instrument`` from memory for what was looked up, reported or searched before, and
asks its broker here for everything else.
"""

from typing import Protocol, runtime_checkable

from edgerunner.adapters.broker import BrokerAdapter
from edgerunner.domain.instruments import Instrument


@runtime_checkable
class InstrumentLookup(Protocol):
    """Looks instruments up at the broker."""

    async def load_instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument, asked for when it is not in memory, where it stays.

        Raises ``NotFound`` (with the candidates when the id is ambiguous), ``Unsupported``, a ``BrokerError``.
        """
        ...


async def look_up(adapter: BrokerAdapter, instrument_id: str) -> Instrument:
    """Return an instrument by its id, from memory or from the broker; raises ``NotFound``, a ``BrokerError``."""
    if isinstance(adapter, InstrumentLookup):
        return await adapter.load_instrument(instrument_id)
    return adapter.get_instrument(instrument_id)
