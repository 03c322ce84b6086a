"""Wiring of Expert Advisors: the terminals of the settings, the EA link, and the service over both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from edgerunner.adapters.mt5.experts.configured import configured_terminals
from edgerunner.adapters.mt5.experts.run_ea import ExpertRunner
from edgerunner.domain.errors import Conflict
from edgerunner.logs import remember_secret
from edgerunner.mt5_bridge.ea_link import EaLink
from edgerunner.services.clock import EventMaker, SystemClock
from edgerunner.services.expert_service import ExpertService
from edgerunner.settings import PREFIX, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """What the routes call, and what adapters call."""

    service: ExpertService
    runner: ExpertRunner


@asynccontextmanager
async def running_experts(settings: Settings, clock: SystemClock) -> AsyncIterator[Experts]:
    """Run the service and its EA link, on loopback; at the end every terminal that was started here ends.

    Raises ``Conflict`` when the link's port is in use.
    """
    link = EaLink(port=settings.ea_link_port, token=_token(settings))
    await _open(link)
    events = EventMaker(clock)
    terminals = configured_terminals(settings.mt5_terminals, simulated=settings.data_dir / "sim" / "terminal64")
    runner = ExpertRunner(terminals, link, clock_ns=clock.now_ns, new_id=events.new_id, allow_live=settings.allow_live)
    service = ExpertService(runner, clock_ns=clock.now_ns, new_id=events.new_id)
    try:
        yield Experts(service=service, runner=runner)
    finally:
        try:
            await service.stop()
        finally:
            await link.stop()


async def _open(link: EaLink) -> None:
    try:
        await link.start()
    except OSError as error:
        raise Conflict(
            f"The EA link cannot listen on {link.host}:{link.port} ({error.strerror}): set {PREFIX}EA_LINK_PORT "
            "to another port, or to 0 for any free one."
        ) from error


def _token(settings: Settings) -> str | None:
    if settings.ea_link_token is None:
        return None
    token = settings.ea_link_token.get_secret_value()
    remember_secret(token)
    return token
