"""The bridge beside one MetaTrader 5 terminal: its calls over HTTP, its changes over a WebSocket.

It installs alone: Python, aiohttp, msgspec, numpy and `edgerunner.mt5_surface`, nothing else of Edgerunner.
"""
