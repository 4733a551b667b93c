"""A malware scanner for tests: a real server that speaks clamd's INSTREAM and PING on loopback."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

HOST = "127.0.0.1"
MARK = b"X5O!P%@AP"
"""How the harmless test file of EICAR begins; whatever holds it is found."""
SIGNATURE = "Eicar-Test-Signature"


@dataclass
class Scanner:
    """Where it listens, what it was sent, and how much it takes."""

    url: str
    largest: int = 1 << 30
    sent: list[bytes] = field(default_factory=list)


@contextmanager
def scanner(port: int = 0) -> Iterator[Scanner]:
    state = Scanner("")

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            command = b""
            while not command.endswith(b"\0"):
                command += self.rfile.read(1)
            answer = {b"zPING\0": lambda: "PONG", b"zINSTREAM\0": self._scanned}[command]()
            self.wfile.write(answer.encode() + b"\0")

        def _scanned(self) -> str:
            body = b""
            while length := struct.unpack("!I", self.rfile.read(4))[0]:
                body += self.rfile.read(length)
                if len(body) > state.largest:
                    return "INSTREAM size limit exceeded. ERROR"
            state.sent.append(body)
            return f"stream: {SIGNATURE} FOUND" if MARK in body else "stream: OK"

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server((HOST, port), Session) as server:
        state.url = f"tcp://{HOST}:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield state
        server.shutdown()
