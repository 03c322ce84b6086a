"""A simulated ``terminal64``: the same command line, ini files, journals and reports, one per folder.

``python -m edgerunner.simulators.mt5.terminal64 FOLDER/terminal64.exe /portable /config:FOLDER/start.ini``
"""
