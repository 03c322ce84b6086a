"""``edgerunner trade``: orders by hand, through the API."""

from collections.abc import Callable
from typing import Annotated

import typer

from edgerunner.cli import options
from edgerunner.cli.output import Output, reporting

trade_app = typer.Typer(
    name="trade", help="Place, change, cancel and list orders.", no_args_is_help=True, rich_markup_mode=None
)

Quantity = Annotated[str, typer.Argument(help="In the instrument's own unit, such as 0.01.")]
InstrumentId = Annotated[str, typer.Argument(help="Such as BTCUSDT-LINEAR.BYBIT.")]
ClientOrderId = Annotated[str, typer.Argument(help="Our id of the order.")]
ConnectionId = Annotated[str, typer.Option("--connection", help="Connection to trade on.")]
AnyConnection = Annotated[str | None, typer.Option("--connection", help="Only of this connection.")]
AccountId = Annotated[str | None, typer.Option("--account", help="Account; else the connection's only one.")]
OnlyInstrument = Annotated[str | None, typer.Option("--instrument", help="Only of this instrument.")]
OrderType = Annotated[str, typer.Option("--type", help="market or limit; others where the broker has them.")]
Price = Annotated[str | None, typer.Option("--price", help="Limit price.")]
TriggerPrice = Annotated[str | None, typer.Option("--trigger-price", help="Trigger price of stop orders.")]
TimeInForce = Annotated[str | None, typer.Option("--tif", help="gtc, ioc, fok, day or gtd.")]
OcaGroup = Annotated[
    str | None, typer.Option("--oca-group", help="A fresh name for orders of which a fill of one cancels the others.")
]
PostOnly = Annotated[bool, typer.Option("--post-only", help="Never take from the book.")]
ReduceOnly = Annotated[bool, typer.Option("--reduce-only", help="Never open or turn a position.")]
WaitMs = Annotated[int, typer.Option("--wait-ms", min=0, max=30_000, help="How long to wait for the broker's word.")]
NewOrderId = Annotated[str | None, typer.Option("--client-order-id", help="Our id of the order; else one is made.")]
IdempotencyKey = Annotated[str | None, typer.Option("--idempotency-key", help="Repeats with the same key place once.")]

SIMULATED_CONNECTION = "bybit-sim"


def _placing(side: str) -> Callable[..., None]:
    def place(
        quantity: Quantity,
        instrument_id: InstrumentId,
        *,
        order_type: OrderType = "market",
        price: Price = None,
        trigger_price: TriggerPrice = None,
        connection: ConnectionId = SIMULATED_CONNECTION,
        account: AccountId = None,
        tif: TimeInForce = None,
        post_only: PostOnly = False,
        reduce_only: ReduceOnly = False,
        oca_group: OcaGroup = None,
        wait_ms: WaitMs = 2000,
        client_order_id: NewOrderId = None,
        idempotency_key: IdempotencyKey = None,
        url: options.Url = None,
        data_dir: options.DataDir = None,
        json: options.AsJson = False,
    ) -> None:
        output = Output(as_json=json)
        with reporting(output):
            from edgerunner.cli import api_access, trade

            request = trade.Placement(
                connection_id=connection,
                instrument_id=instrument_id,
                side=side,
                quantity=quantity,
                client_order_id=client_order_id,
                idempotency_key=idempotency_key,
                wait_ms=wait_ms,
                terms={
                    "account_id": account,
                    "order_type": order_type,
                    "price": price,
                    "trigger_price": trigger_price,
                    "time_in_force": tif,
                    "post_only": post_only or None,
                    "reduce_only": reduce_only or None,
                    "oca_group": oca_group,
                },
            )
            trade.place(output, api_access.Api.of(url, data_dir), request)

    return place


for _side in ("buy", "sell"):
    trade_app.command(_side, help=f"Place an order to {_side}.")(_placing(_side))


@trade_app.command()
def cancel(
    client_order_id: ClientOrderId,
    *,
    wait_ms: WaitMs = 2000,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Cancel one order."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, trade

        trade.cancel(output, api_access.Api.of(url, data_dir), client_order_id, wait_ms=wait_ms)


@trade_app.command("cancel-all")
def cancel_all(
    *,
    connection: AnyConnection = None,
    instrument: OnlyInstrument = None,
    wait_ms: WaitMs = 2000,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Cancel every working order."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, trade

        selection = {"connection_id": connection, "instrument_id": instrument}
        trade.cancel_all(output, api_access.Api.of(url, data_dir), selection, wait_ms=wait_ms)


@trade_app.command()
def modify(
    client_order_id: ClientOrderId,
    *,
    quantity: Annotated[str | None, typer.Option("--quantity", help="New total quantity.")] = None,
    price: Price = None,
    trigger_price: TriggerPrice = None,
    wait_ms: WaitMs = 2000,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Change a working order; what is not named stays."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, trade

        change = {"quantity": quantity, "price": price, "trigger_price": trigger_price}
        trade.modify(output, api_access.Api.of(url, data_dir), client_order_id, change=change, wait_ms=wait_ms)


@trade_app.command()
def close(
    *,
    connection: ConnectionId = SIMULATED_CONNECTION,
    instrument: OnlyInstrument = None,
    position: Annotated[str | None, typer.Option("--position", help="Only this leg or ticket.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Close --position by this opposite ticket (MetaTrader 5, hedging).")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every position, spot holdings included.")] = False,
    wait_ms: WaitMs = 2000,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Close positions with market orders, or a position by an opposite one."""
    if by is not None and (position is None or instrument is not None):
        raise typer.BadParameter("--by goes with --position, and with nothing else: two tickets close each other")
    if everything != (instrument is None and position is None):
        raise typer.BadParameter("name --instrument or --position, or --all for every position, spot holdings included")
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, trade

        if by is not None and position is not None:
            trade.close_by(output, api_access.Api.of(url, data_dir), connection, pair=(position, by), wait_ms=wait_ms)
            return
        selection = {"instrument_id": instrument, "position_id": position}
        trade.close(output, api_access.Api.of(url, data_dir), connection, selection=selection, wait_ms=wait_ms)


@trade_app.command()
def orders(
    *,
    connection: AnyConnection = None,
    status: Annotated[str, typer.Option("--status", help="open, closed or all.")] = "open",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """List orders, newest first."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, trade

        trade.orders(output, api_access.Api.of(url, data_dir), connection_id=connection, status=status, limit=limit)


@trade_app.command()
def positions(
    *,
    connection: AnyConnection = None,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """List positions."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, trade

        trade.positions(output, api_access.Api.of(url, data_dir), connection_id=connection)
