"""`python -m app.dev FD LATENCY SLOTS`: serve on an inherited listening socket, for `running_apart`."""

import socket
import sys

from app.dev.llm_server import serve
from app.dev.state import State

with socket.socket(fileno=int(sys.argv[1])) as inherited:
    serve(inherited, state=State(), latency_s=float(sys.argv[2]), slots=int(sys.argv[3]) or None)
