"""The picture that ``watch`` draws of its board."""

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgerunner.cli.watch_board import Board
from edgerunner.client.account_types import Position
from edgerunner.client.market_types import Ticker
from edgerunner.client.types import Connection, Order

_SHOWN_ORDERS = 15
_OPEN = frozenset(
    {"initialized", "submitted", "accepted", "triggered", "pending_update", "pending_cancel", "partially_filled"}
)


def draw(board: Board, url: str, now: str) -> RenderableType:
    """Return the whole picture."""
    tables = [_connections(board), _quotes(board), _positions(board.positions), _orders(board.orders)]
    refusals = [Text(f"{channel}: {detail}", style="red") for channel, detail in board.refused.items()]
    return Group(_header(board, url, now), *tables, *refusals)


def _header(board: Board, url: str, now: str) -> Text:
    if board.is_up:
        return Text(f"Edgerunner {url}  {now}", style="bold")
    return Text(f"Edgerunner {url}  {now}  LINK LOST: {board.trouble or 'connecting'}", style="bold red")


def _connections(board: Board) -> Table:
    table = _table(
        "Connections", "connection", "environment", "status", "account", ">equity", ">realized", ">unrealized"
    )
    for connection in board.connections:
        accounts = [row for row in board.accounts if row["connection_id"] == connection["connection_id"]]
        name, kind, status = connection["connection_id"], _environment(connection), _status(connection)
        for account in accounts:
            money = (f"{_shown(account['equity'])} {account['currency']}", *_pnl(account["realized_pnl"]))
            table.add_row(name, kind, status, account["account_id"], *money, *_pnl(account["unrealized_pnl"]))
        if not accounts:
            table.add_row(name, kind, status, *[""] * 4)
    return table


def _quotes(board: Board) -> Table:
    table = _table("Quotes", "connection", "instrument", ">bid", ">ask", ">last", ">mark", "time")
    for channel, ticker in board.quotes.items():
        _, connection, instrument = channel.split(":", 2)
        prices = _prices(ticker, waiting="refused" if channel in board.refused else "waiting")
        table.add_row(connection, instrument, *prices)
    return table


def _prices(ticker: Ticker | None, *, waiting: str) -> tuple[RenderableType, ...]:
    if ticker is None:
        return ("", "", "", "", Text(waiting, style="dim"))
    time = Text(ticker["time"][11:23] + (" STALE" if ticker["stale"] else ""), style="red" if ticker["stale"] else "")
    return (*(_shown(price) for price in (ticker["bid"], ticker["ask"], ticker["last"], ticker["mark"])), time)


def _positions(positions: list[Position]) -> Table:
    table = _table(
        "Positions", "connection", "instrument", "side", ">quantity", ">average", ">mark", ">realized", ">unrealized"
    )
    for row in positions:
        table.add_row(
            row["connection_id"],
            row["instrument_id"],
            Text(row["side"], style="green" if row["side"] == "long" else "red"),
            f"{row['quantity']} {row['quantity_unit']}",
            _shown(row["average_price"]),
            _shown(row["mark_price"]),
            *_pnl(row["realized_pnl"]),
            *_pnl(row["unrealized_pnl"]),
        )
    return table


def _orders(orders: list[Order]) -> Table:
    table = _table(
        "Orders", "time", "connection", "instrument", "order", "status", ">filled", ">average", "client order id"
    )
    working = [order for order in orders if order["status"] in _OPEN]
    closed = [order for order in orders if order["status"] not in _OPEN]
    for order in [*working, *closed][:_SHOWN_ORDERS]:
        price = f" at {order['price']}" if order["price"] is not None else ""
        table.add_row(
            order["created_at"][11:19],
            order["connection_id"],
            order["instrument_id"],
            f"{order['side']} {order['quantity']} {order['order_type']}{price}",
            _order_status(order),
            order["filled_quantity"],
            _shown(order["average_price"]),
            order["client_order_id"],
        )
    return table


def _order_status(order: Order) -> Text:
    if order["outcome_unknown"] is not None:
        return Text(f"{order['status']} OUTCOME UNKNOWN", style="bold magenta")
    if order["needs_operator"] is not None:
        return Text(f"{order['status']} NEEDS YOU", style="bold magenta")
    styles = {"filled": "green", "rejected": "red", "denied": "red", "canceled": "dim", "expired": "dim"}
    return Text(order["status"], style=styles.get(order["status"], "cyan"))


def _environment(connection: Connection) -> Text:
    if connection["execution"] == "local":
        return Text(f"LOCAL ON {connection['environment'].upper()} PRICES", style="bold black on cyan")
    is_live = connection["environment"] == "live" or any(account["live"] for account in connection["accounts"])
    if is_live:
        return Text("LIVE", style="bold white on red")
    return Text(connection["environment"].upper(), style="bold black on yellow")


def _status(connection: Connection) -> Text:
    styles = {"connected": "green", "failed": "bold red", "disconnected": "red"}
    return Text(connection["status"], style=styles.get(connection["status"], "yellow"))


def _pnl(amount: str | None) -> tuple[Text]:
    if amount is None:
        return (Text("unknown", style="dim"),)
    style = "red" if amount.startswith("-") else "" if amount == "0" else "green"
    return (Text(amount, style=style),)


def _shown(value: str | None) -> str:
    return "-" if value is None else value


def _table(title: str, *columns: str) -> Table:
    """Return an empty table; ``>`` before a column's name sets it right."""
    table = Table(title=title, title_justify="left", title_style="bold", expand=True, box=SIMPLE_HEAD)
    for column in columns:
        is_number = column.startswith(">")
        table.add_column(column.lstrip(">"), justify="right" if is_number else "left", overflow="fold")
    return table
