"""The mail server refusing, putting off, rejecting, silent, and breaking off after DATA."""

from tests.faults.scenario import Pace, Scenario
from tests.faults.stand import WORKERS, Distributed
from tests.servers import Drop, Fault, Hang, Refuse


def _meets(fault: Fault, share: float = 1.0) -> "Misbehaviour":
    return Misbehaviour(fault, share)


class Misbehaviour:
    """While it lasts every mail meets the fault; counts how many did."""

    def __init__(self, fault: Fault, share: float) -> None:
        self._fault, self._share = fault, share

    def __call__(self, stand: Distributed, pace: Pace) -> int:
        before = stand.postbox.met
        stand.postbox.fault = self._fault
        pace.hold(self._share)
        stand.postbox.fault = None
        return stand.postbox.met - before


def refused(stand: Distributed, pace: Pace) -> int:
    """Nobody listens."""
    wires = [stand.wires[name].smtp for name in WORKERS]
    for wire in wires:
        wire.cut()
    pace.hold()
    for wire in wires:
        wire.mend()
    return len(wires)


def silent(stand: Distributed, pace: Pace) -> int:
    """Takes the connection and never says a word."""
    wires = [stand.wires[name].smtp for name in WORKERS]
    for wire in wires:
        wire.hang()
    pace.hold(2.0)
    for wire in wires:
        wire.cut()
        wire.mend()
    return len(wires)


UNKNOWN, PARKED = frozenset({"unknown"}), frozenset({"parked"})
SCENARIOS = [
    Scenario("smtp-refused", "connections to the mail server refused", refused),
    Scenario("smtp-silent", "the mail server takes connections and says nothing", silent, UNKNOWN),
    Scenario("smtp-4xx", "451 at RCPT: greylisting", _meets(Refuse("451 4.3.0 try again later"))),
    Scenario("smtp-4xx-data", "452 after DATA", _meets(Refuse("452 4.2.2 mailbox full", at="DATA"))),
    Scenario("smtp-5xx", "550 at RCPT", _meets(Refuse("550 5.1.1 no such user")), PARKED),
    Scenario("smtp-5xx-data", "554 after DATA", _meets(Refuse("554 5.7.1 rejected", at="DATA")), PARKED),
    Scenario("smtp-slow", "two seconds until the answer to DATA", _meets(Hang(2.0))),
    Scenario("smtp-drop-kept", "breaks off after DATA, mail kept", _meets(Drop(keep=True)), UNKNOWN),
    Scenario("smtp-drop-lost", "breaks off after DATA, mail thrown away", _meets(Drop(keep=False)), UNKNOWN),
]
