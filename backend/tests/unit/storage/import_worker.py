"""A process that imports a file again and again until it is killed; says each time it is done."""

import sys
import time
from pathlib import Path

from edgerunner.services.dataset_import import ImportRequest, import_file
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.market_files.byte_source import Limits

if __name__ == "__main__":
    folder, file = Path(sys.argv[1]), Path(sys.argv[2])
    request = ImportRequest(file_name=file.name, instrument_id="X.TEST")
    print("started", flush=True)  # noqa: T201
    while True:
        import_file(Catalogue(folder), file, request, now_ms=time.time_ns() // 1_000_000, limits=Limits())
        print("imported", flush=True)  # noqa: T201
