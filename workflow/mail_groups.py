"""Mails by what they are for: which of them their reader may do without, and the link that says so.

A mail to whom the turn has come always arrives, whatever its group.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.definition import process
from workflow.models import Case, Event, MailStop
from workflow.secret import secret_of
from workflow.settings import Settings

SALT = "berhenti-surel"


@dataclass(frozen=True)
class Group:
    """Mails of one purpose. `optional` ones may be switched off."""

    title: str
    about: str
    optional: bool
    kinds: frozenset[str]


GROUPS: Mapping[str, Group] = {
    "duty": Group(
        "Tugas dan giliran Anda",
        "Ada yang menunggu Anda: penelaahan, persetujuan, perbaikan, desk, seminar, pengingat, dan eskalasi.",
        optional=False,
        kinds=frozenset(
            {
                "adoption_interest",
                "adoption_offered",
                "conflict_declared",
                "decision_needed",
                "deadline_extended",
                "deadline_moved",
                "decree_needed",
                "desk_cancelled",
                "desk_scheduled",
                "entry_requested",
                "escalated",
                "evidence_infected",
                "handed_over",
                "nudged",
                "overdue",
                "permission_needed",
                "reminder",
                "review_released",
                "review_requested",
                "reviewer_withdrew",
                "reviewers_needed",
                "reviews_disagree",
                "revision_requested",
                "round_short",
                "seminar_cancelled",
                "seminar_invited",
                "seminar_moved",
            }
        ),
    ),
    "decision": Group(
        "Keputusan atas usulan",
        "Disetujui, tidak disetujui, dan hasil seminar.",
        optional=False,
        kinds=frozenset({"approved", "rejected", "seminar_result"}),
    ),
    "account": Group(
        "Keamanan akun",
        "Undangan, pengaturan ulang kata sandi, dan perubahan kata sandi.",
        optional=False,
        kinds=frozenset({"invitation", "password_changed", "password_reset"}),
    ),
    "progress": Group(
        "Perkembangan usulan",
        "Tanda terima, tahap baru, uji coba, perpanjangan, hasil yang dicatat, entri, dan penarikan.",
        optional=True,
        kinds=frozenset(
            {
                "entry_sent",
                "entry_verified",
                "extended",
                "pilot_started",
                "pilot_stopped",
                "received",
                "replication_opened",
                "report_received",
                "result_recorded",
                "stage_opened",
                "withdrawn",
            }
        ),
    ),
    "discussion": Group(
        "Diskusi",
        "Pesan tentang usulan yang Anda ikuti, dan pesan yang menyebut Anda.",
        optional=True,
        kinds=frozenset({"discussed"}),
    ),
    "adoption": Group(
        "Perkembangan adopsi",
        "Kesepakatan, penyesuaian, hasil 3, 6, dan 12 bulan, serta akhir sebuah adopsi.",
        optional=True,
        kinds=frozenset(
            {
                "adoption_adapted",
                "adoption_adopted",
                "adoption_agreed",
                "adoption_ended",
                "adoption_measured",
            }
        ),
    ),
}
OPTIONAL = frozenset(name for name, group in GROUPS.items() if group.optional)
GROUP_OF = {kind: name for name, group in GROUPS.items() for kind in group.kinds}


def switch_of(kind: str, audience: str, case: Case, event: Event) -> str | None:
    """The group with which a mail may be switched off; None for a mail that always arrives."""
    name = GROUP_OF[kind]
    return None if name not in OPTIONAL or _has_the_turn(audience, case, event) else name


def switched_off(session: Session, group: str, user_ids: Collection[int]) -> set[int]:
    """Those of the people who do without a group."""
    stops = select(MailStop.user_id).where(MailStop.mail_group == group, MailStop.user_id.in_(user_ids))
    return set(session.scalars(stops))


def groups_off(session: Session, user_id: int) -> set[str]:
    """The groups a person does without."""
    return set(session.scalars(select(MailStop.mail_group).where(MailStop.user_id == user_id)))


def stop_link(settings: Settings, user_id: int, group: str) -> str:
    """The address that stops a group for a person without signing in; good for as long as the secret."""
    return f"{settings.address}/berhenti-surel/{_signer(settings).dumps([user_id, group])}"


def read_stop(settings: Settings, token: str) -> tuple[int, str] | None:
    """The person and the group of such a link; None where it was not made here or stops nothing any more."""
    try:
        user_id, group = _signer(settings).loads(token)
    except BadSignature:
        return None
    return (user_id, group) if group in OPTIONAL else None


def _has_the_turn(audience: str, case: Case, event: Event) -> bool:
    state = str(event.data.get("to") or event.data.get("state") or case.state)
    return is_turn(audience, process(case.process).states[state].owner)


def is_turn(audience: str, owner: str) -> bool:
    """Whether a state's owner is this audience."""
    return audience == ("reviewers" if owner == "reviewer" else owner)


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(secret_of(settings), salt=SALT)
