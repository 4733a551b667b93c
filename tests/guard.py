"""Runs one server and ends it when our standard input ends, even if our starter was killed.

`python tests/guard.py FOLDER USER COMMAND...`: the folder is removed with the server; USER is a
numeric id, or - to stay who we are.
"""

import select
import shutil
import subprocess
import sys
from signal import SIGCONT, SIGINT

LOOK_SECONDS = 0.2
STOP_SECONDS = 10.0


def main(folder: str, user: str, *command: str) -> None:
    who = None if user == "-" else int(user)
    server = subprocess.Popen(
        command,
        user=who,
        group=who,
        extra_groups=None if who is None else [],
        cwd=folder,
        stdin=subprocess.DEVNULL,
    )
    while server.poll() is None:
        if select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
            _stop(server)
            shutil.rmtree(folder, ignore_errors=True)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """SIGINT is a fast, orderly end for both servers; a frozen one must be thawed to see it."""
    server.send_signal(SIGCONT)
    server.send_signal(SIGINT)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
