"""Importing this makes the remote module the process's `MetaTrader5`; the environment says where the bridge is."""

from edgerunner.mt5_bridge.remote import register

register()
