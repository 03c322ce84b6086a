"""What ``mt5_adapter`` is made of: MetaTrader 5, in process or through the bridge."""
