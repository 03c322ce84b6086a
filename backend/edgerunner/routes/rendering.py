"""Views of the services as models of the wire. Pure functions."""

from collections.abc import Sequence

from edgerunner.adapters.broker import Capabilities, LinkHealth, ProductCapabilities
from edgerunner.schemas.alerts import AlertAnswer
from edgerunner.schemas.broker import (
    CapabilitiesAnswer,
    ConnectionAccountAnswer,
    ConnectionAnswer,
    HealthAnswer,
    LastErrorAnswer,
    LinkAnswer,
    ProductCapabilitiesAnswer,
)
from edgerunner.schemas.orders import ItemAnswer, ItemResults, OrderAnswer
from edgerunner.services.alert_service import Alert
from edgerunner.services.connection_service import ConnectionView, LastError
from edgerunner.services.item_results import ItemResult


def connection_answer(view: ConnectionView) -> ConnectionAnswer:
    """Render a connection."""
    error = view.last_error
    return ConnectionAnswer(
        connection_id=view.connection_id,
        broker=view.broker,
        environment=view.environment,
        execution=view.execution,
        status=view.status,
        accounts=[ConnectionAccountAnswer.of(account) for account in view.accounts],
        health=HealthAnswer(data=_link(view.data), orders=_link(view.orders)),
        capabilities=None if view.capabilities is None else _capabilities(view.capabilities),
        last_error=None if error is None else _last_error(error),
        connected_at=view.connected_at_ns,
    )


def alert_answer(alert: Alert) -> AlertAnswer:
    """Render an alert."""
    return AlertAnswer(
        alert_id=alert.alert_id,
        level=alert.level.value,
        code=alert.code,
        text=alert.text,
        connection_id=alert.connection_id,
        execution=alert.execution,
        time=alert.ts_ns,
    )


def item_results(results: Sequence[ItemResult]) -> ItemResults:
    """Render what became of each item."""
    return ItemResults(
        results=[
            ItemAnswer(
                client_order_id=result.client_order_id,
                ok=result.ok,
                order=None if result.order is None else OrderAnswer.of(result.order),
                code=result.code,
                detail=result.detail,
            )
            for result in results
        ]
    )


def _last_error(error: LastError) -> LastErrorAnswer:
    return LastErrorAnswer(code=error.code, detail=error.detail, time=error.ts_ns)


def _link(health: LinkHealth) -> LinkAnswer:
    return LinkAnswer(status=health.status.value, since=health.ts_ns, latency_ms=health.latency_ms)


def _capabilities(capabilities: Capabilities) -> CapabilitiesAnswer:
    return CapabilitiesAnswer(
        products={label: _product(product) for label, product in sorted(capabilities.products.items())},
        account_history=capabilities.account_history,
        run_ea=capabilities.run_ea,
        position_modes=sorted(capabilities.position_modes),
        margin_modes=sorted(capabilities.margin_modes),
    )


def _product(product: ProductCapabilities) -> ProductCapabilitiesAnswer:
    return ProductCapabilitiesAnswer(
        order_types=sorted(product.order_types),
        time_in_force=sorted(product.time_in_force),
        post_only=product.post_only,
        reduce_only=product.reduce_only,
        oca=product.oca,
        modify=sorted(product.modify),
        brackets=product.brackets,
        hedging=product.hedging,
        depth_levels=product.depth_levels,
        timeframes=sorted(product.timeframes, key=lambda timeframe: timeframe.length_ns),
        funding=product.funding,
        leverage=product.leverage,
        trailing_stop=product.trailing_stop,
        unsupported=dict(product.unsupported),
    )
