"""Asks the API of this container whether it lives; exit code 0 = yes. Readiness is another question: GET /readyz."""

import http.client
import os
import sys

port = int(os.environ.get("EDGERUNNER_PORT") or os.environ.get("PORT") or 8000)
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
try:
    connection.request("GET", "/healthz")
    status = connection.getresponse().status
except OSError as error:
    sys.exit(f"no answer on port {port}: {error}")
sys.exit(0 if status == http.client.OK else f"GET /healthz answered {status}")
