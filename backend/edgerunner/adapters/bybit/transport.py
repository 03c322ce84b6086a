"""What every part of a connection shares: options, clocks, signatures, rate limits, REST, sockets."""

import random as random_module

from edgerunner.adapters.bybit.limits import Scheduler
from edgerunner.adapters.bybit.link import Link, LinkSettings, Session, StatusListener
from edgerunner.adapters.bybit.options import Credentials, Options
from edgerunner.adapters.bybit.rest import RestClient
from edgerunner.adapters.bybit.server_clock import Clock
from edgerunner.adapters.bybit.signing import Signer
from edgerunner.adapters.bybit.sockets import opener


class Transport:
    """Owns the REST session; makes links, which their users start and stop. No credentials = public data only."""

    def __init__(
        self, options: Options, credentials: Credentials | None, *, clock: Clock, random: random_module.Random
    ) -> None:
        self.options = options
        self.clock = clock
        self.random = random
        self.signer = Signer(credentials, options.recv_window_ms)
        self.scheduler = Scheduler(clock)
        self.rest = RestClient(
            options=options, signer=self.signer, scheduler=self.scheduler, clock=clock, random=random
        )

    def link(self, name: str, url: str, session: Session, on_status: StatusListener) -> Link:
        """Return a link that is not started yet."""
        settings = LinkSettings(
            name=name, url=url, heartbeat_s=self.options.heartbeat_s, timeout_s=self.options.request_timeout_s
        )
        return Link(
            settings,
            session,
            open_socket=opener(self.options.websocket),
            clock=self.clock,
            random=self.random,
            on_status=on_status,
        )
