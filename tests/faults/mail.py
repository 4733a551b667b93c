"""The mail server refusing, putting off, rejecting, silent, and breaking off after DATA."""

from dataclasses import dataclass

from tests.faults.scenario import Pace, Scenario, wait_for
from tests.faults.stand import WORKERS, Distributed
from tests.servers import Drop, Fault, Hang, Refuse


@dataclass(frozen=True)
class Misbehaviour:
    """While it lasts every mail meets the fault; counts how many did."""

    fault: Fault

    def __call__(self, stand: Distributed, pace: Pace) -> int:
        before = stand.postbox.met
        stand.postbox.fault = self.fault
        pace.hold()
        wait_for(lambda: stand.postbox.met > before, stand, pace)
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
IN_DOUBT = frozenset({"unknown", "repeated"})
GREY, FULL = Refuse("451 4.3.0 try again later"), Refuse("452 4.2.2 mailbox full", at="DATA")
NOBODY, SPAM = Refuse("550 5.1.1 no such user"), Refuse("554 5.7.1 rejected", at="DATA")
SCENARIOS = [
    Scenario("smtp-refused", "connections to the mail server refused", refused),
    Scenario("smtp-silent", "the mail server takes connections and says nothing", silent),
    Scenario("smtp-4xx", "451 at RCPT: greylisting", Misbehaviour(GREY)),
    Scenario("smtp-4xx-data", "452 after DATA", Misbehaviour(FULL)),
    Scenario("smtp-5xx", "550 at RCPT", Misbehaviour(NOBODY), PARKED, leaves=PARKED),
    Scenario("smtp-5xx-data", "554 after DATA", Misbehaviour(SPAM), PARKED, leaves=PARKED),
    Scenario("smtp-slow", "two seconds until the answer to DATA", Misbehaviour(Hang(2.0))),
    Scenario("smtp-drop-kept", "breaks off after DATA, the mail kept",
             Misbehaviour(Drop(keep=True)), UNKNOWN, leaves=IN_DOUBT),
    Scenario("smtp-drop-lost", "breaks off after DATA, the mail thrown away",
             Misbehaviour(Drop(keep=False)), UNKNOWN, leaves=UNKNOWN),
]  # fmt: skip
