"""``python -m edgerunner.strategy_worker``: started by the API, speaks on its standard pipes."""

import os
import sys

from edgerunner.strategy_worker.child import serve
from edgerunner.strategy_worker.confinement import die_with_parent, take_pipes


def main() -> None:
    """Serve the API that started this process."""
    from_api, to_api = take_pipes()
    code = serve(from_api, to_api, before=die_with_parent)
    sys.stderr.flush()
    os._exit(code)  # threads of the strategy's code must not keep the process


main()
