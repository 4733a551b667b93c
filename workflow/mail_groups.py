"""Mails by what they are for: how their reader gets them, and the link that stops those one may do without.

A mail to whom the turn has come always arrives, whatever its group: it counts as a duty.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.definition import process
from workflow.models import Case, Event, MailChoice
from workflow.secret import secret_of
from workflow.settings import Settings

SALT = "berhenti-surel"
NOW, DAILY, OFF = "now", "daily", "off"
WAYS = (NOW, DAILY, OFF)
DUTY, ACCOUNT, DIGEST = "duty", "account", "digest"


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


STOPPABLE: Mapping[str, Group] = {
    **{name: group for name, group in GROUPS.items() if group.optional},
    DIGEST: Group(
        "Rangkuman harian",
        "Kabar yang boleh dimatikan dan kini Anda terima dalam rangkuman harian.",
        optional=True,
        kinds=frozenset({"digest"}),
    ),
}
"""What a link in a mail can stop: a group, or all that comes by the digest and may be done without."""


def ways_of(group: str) -> tuple[str, ...]:
    """How a group can be had: what concerns the account always comes at once, few may be done without."""
    if group == ACCOUNT:
        return (NOW,)
    return WAYS if group in OPTIONAL else (NOW, DAILY)


def group_of(kind: str, audience: str, case: Case, event: Event) -> str:
    """The group a mail counts to for this audience."""
    name = GROUP_OF[kind]
    return DUTY if name in OPTIONAL and _has_the_turn(audience, case, event) else name


def switch_of(kind: str, audience: str, case: Case, event: Event) -> str | None:
    """The group with which a mail may be switched off; None for a mail that always arrives."""
    name = group_of(kind, audience, case, event)
    return name if name in OPTIONAL else None


def chosen(session: Session, group: str, user_ids: Collection[int]) -> dict[int, str]:
    """How each of the people wants a group, where not at once."""
    rows = session.execute(
        select(MailChoice.user_id, MailChoice.way).where(
            MailChoice.mail_group == group, MailChoice.user_id.in_(user_ids)
        )
    )
    return {user_id: way for user_id, way in rows if way in ways_of(group)}


def choices(session: Session, user_id: int) -> dict[str, str]:
    """How a person gets each group."""
    rows = session.execute(
        select(MailChoice.mail_group, MailChoice.way).where(MailChoice.user_id == user_id)
    ).all()
    told = {name: way for name, way in rows if name in GROUPS and way in ways_of(name)}
    return dict.fromkeys(GROUPS, NOW) | told


def stop_link(settings: Settings, user_id: int, group: str) -> str:
    """The address that stops a group for a person without signing in; good for as long as the secret."""
    return f"{settings.address}/berhenti-surel/{_signer(settings).dumps([user_id, group])}"


def read_stop(settings: Settings, token: str) -> tuple[int, str] | None:
    """The person and the group of such a link; None where it was not made here or stops nothing any more."""
    try:
        user_id, group = _signer(settings).loads(token)
    except BadSignature:
        return None
    return (user_id, group) if group in STOPPABLE else None


def _has_the_turn(audience: str, case: Case, event: Event) -> bool:
    state = str(event.data.get("to") or event.data.get("state") or case.state)
    return is_turn(audience, process(case.process).states[state].owner)


def is_turn(audience: str, owner: str) -> bool:
    """Whether a state's owner is this audience."""
    return audience == ("reviewers" if owner == "reviewer" else owner)


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(secret_of(settings), salt=SALT)
