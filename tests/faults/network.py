"""Several machines: each role in a network namespace of its own, cut off and back.

The namespaces hang on a bridge that leads nowhere else; servers and load stay on its far side.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.faults import servers
from tests.faults.scenario import Pace, Scenario
from tests.faults.stand import BEATS, ROLES, Distributed, parts, start

PREFIX = "lct"
NAMESPACE = f"{PREFIX}{os.getpid()}"
"""Of this run alone, so that two runs do not meet; so is the network."""
NET = f"198.{18 + os.getpid() // 250 % 2}.{os.getpid() % 250}"
HERE = f"{NET}.1"
CUT_SECONDS = 120.0


def unable() -> str:
    """Why there can be no namespaces here; empty if there can."""
    if os.getuid():
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "no `ip` on the PATH (package iproute2)"
    tried = _ip("netns", "add", f"{NAMESPACE}-try", check=False)
    _ip("netns", "del", f"{NAMESPACE}-try", check=False)
    return "" if tried else "this machine allows no network namespaces"


class Networked(Distributed):
    """The distributed profile with every role on a host of its own."""

    def connect(self, name: str) -> dict[str, str]:  # noqa: ARG002 - all hosts see the same servers
        def from_there(url: str) -> str:
            parts = urlsplit(url)
            user = f"{parts.username}@" if parts.username else ""
            return urlunsplit(parts._replace(netloc=f"{user}{HERE}:{parts.port}"))

        return {
            **self.settings.environment(),
            "DATABASE_URL": from_there(self.settings.database_url),
            "BROKER_URL": from_there(self.redis_url),
            "SMTP_URL": f"smtp://{HERE}:{self.postbox.port}",
        }

    def place(self, name: str) -> tuple[list[str], str]:
        return ["ip", "netns", "exec", f"{NAMESPACE}-{name}"], _address(name)

    def cut(self, name: str) -> None:
        """Pull the cable of a role's host."""
        _ip("link", "set", _cable(name), "down")

    def plug(self, name: str) -> None:
        _ip("link", "set", _cable(name), "up")


@contextmanager
def networked(logs: Path | None = None) -> Iterator[Networked]:
    """As `distributed`, on five hosts."""
    with ExitStack() as stack:
        stack.enter_context(_hosts())
        made = Networked(**parts(stack, logs, HERE))
        made.web_host = _address("web")
        start(made)
        yield made
        made.supervisor.close()


@contextmanager
def _hosts() -> Iterator[None]:
    _sweep()
    try:
        _ip("link", "add", NAMESPACE, "type", "bridge")
        _ip("addr", "add", f"{HERE}/24", "dev", NAMESPACE)
        _ip("link", "set", NAMESPACE, "up")
        for name in ROLES:
            _host(name)
        yield
    finally:
        for name in ROLES:
            _ip("netns", "del", f"{NAMESPACE}-{name}", check=False)
        _ip("link", "del", NAMESPACE, check=False)


def _sweep() -> None:
    """Remove the hosts of runs that were shot; their bridge goes too."""
    listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        space = line.split()[0]
        pid = space.removeprefix(PREFIX).partition("-")[0]
        if space.startswith(PREFIX) and pid.isdigit() and not servers.alive(int(pid)):
            _ip("netns", "del", space, check=False)
            _ip("link", "del", f"{PREFIX}{pid}", check=False)


def _host(name: str) -> None:
    space, cable = f"{NAMESPACE}-{name}", _cable(name)
    _ip("netns", "add", space)
    _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
    _ip("link", "set", cable, "master", NAMESPACE, "up")
    for command in (
        ("addr", "add", f"{_address(name)}/24", "dev", "eth0"),
        ("link", "set", "eth0", "up"),
        ("link", "set", "lo", "up"),
    ):
        _ip("-n", space, *command)


def _address(name: str) -> str:
    return f"{NET}.{ROLES.index(name) + 11}"


def _cable(name: str) -> str:
    return f"{NAMESPACE}-{ROLES.index(name)}"


def _ip(*arguments: str, check: bool = True) -> bool:
    done = subprocess.run(["ip", *arguments], check=check, capture_output=True)
    return done.returncode == 0


class Cut:
    """These hosts lose the network for two minutes (a fault's length in the short form) and get it back."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __call__(self, stand: Networked, pace: Pace) -> int:
        for name in self._names:
            stand.cut(name)
        pace.hold(1.0 if pace.ageing else CUT_SECONDS / pace.fault)
        for name in self._names:
            stand.plug(name)
        return len(self._names)


UNKNOWN = frozenset({"unknown"})
SCENARIOS = [
    Scenario("host-worker", "a worker's host cut off and back", Cut("worker1"), UNKNOWN),
    Scenario("host-beat", "both beats' hosts cut off and back", Cut(*BEATS), UNKNOWN),
    Scenario("host-web", "the web's host cut off and back", Cut("web"), UNKNOWN),
]
