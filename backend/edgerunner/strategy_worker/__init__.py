"""The process that hosts one strategy: no keys, no network of its own, one pipe to the API.

``python -m edgerunner.strategy_worker`` is started by ``services.strategies`` and by nothing else.
"""
