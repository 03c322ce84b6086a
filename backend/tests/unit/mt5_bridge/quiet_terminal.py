"""A terminal module that can be loaded and never finds a terminal."""


def initialize(**_: object) -> bool:
    return False


def account_info() -> None:
    return None


def shutdown() -> None:
    return None


def last_error() -> tuple[int, str]:
    return (-10003, "IPC initialize failed, MetaTrader 5 x64 not found")
