"""A MetaTrader 5 trade server as pure decisions: accounts, orders, deals, positions, margin and money."""
