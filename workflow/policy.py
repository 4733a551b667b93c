"""Who may do what: the only place that decides. Pages, API, jobs and lists all ask here."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import aliased

from workflow.definition import process, versions
from workflow.models import Agency, Case, Participant, Seminar, SeminarSlot, User

GLOBAL_ROLES = ("coordinator", "organiser", "reviewer", "auditor", "admin")
# "reviewer" everywhere means only: may be asked; on a case one is it by assignment alone
CASE_ROLES = (
    "proposer",
    "co_author",
    "mentor",
    "coach",
    "reviewer",
    "agency_head",
    "origin",
    "origin_head",
    "organiser",
    "coordinator",
)
SEE_EVERY_CASE = frozenset({"coordinator", "auditor"})
WRITERS = frozenset({"proposer", "co_author"})
SEE_REVIEWS = frozenset({"coordinator", "organiser", "auditor"})
HAND_OVER = frozenset({"proposer", "agency_head", "organiser", "coordinator"})
CONFIDENTIAL = frozenset({"people.conflict_declared", "people.conflict_dismissed", "people.abstained"})
NAME_LEVELS = frozenset({"proposer", "co_author", "agency_head", "coordinator"})
NUDGE = frozenset({"coordinator", "organiser"})
EXPORT = frozenset({"proposer", "co_author", "agency_head", "coordinator", "auditor"})
JUDGE_LEVELS = frozenset({"coordinator"})


def is_active(user: User, at: datetime) -> bool:
    """Whether the person may sign in and act at all; the access of external people ends by itself."""
    return user.active and (user.expires_at is None or user.expires_at > at)


def roles_on(user: User, case: Case) -> frozenset[str]:
    """Every role the person holds on this case now."""
    held = {
        p.role for p in case.participants if p.user_id == user.id and p.until is None and _applies(p, case)
    }
    if _heads(user, case):
        held.add("agency_head")
    origin = case.parent if case.parent_id is not None else None
    if origin is not None:
        held |= _roles_of_origin(user, origin)
    if "coordinator" in user.global_roles:
        held.add("coordinator")
    if "organiser" in user.global_roles and case.cohort_id is not None:
        held.add("organiser")
    if "auditor" in user.global_roles:
        held.add("auditor")
    return frozenset(held)


def _heads(user: User, case: Case) -> bool:
    home = user.agency
    return user.heads_agency and home is not None and case.agency.path.startswith(home.path)


def _roles_of_origin(user: User, origin: Case) -> set[str]:
    """Those who stand behind the case that an adoption was taken from, and the head of its agency."""
    held = {"origin_head"} if _heads(user, origin) else set()
    if any(p.user_id == user.id and p.role in WRITERS and p.until is None for p in origin.participants):
        held.add("origin")
    return held


def _applies(participant: Participant, case: Case) -> bool:
    """A reviewer is one only while the case stands in the state that was assigned."""
    return participant.role != "reviewer" or participant.state == case.state


def may_see(user: User, case: Case) -> bool:
    """Those with a role, and those who once reviewed and may look back; nobody what an undo took back."""
    if case.voided_at is not None or is_blind(user, case):
        return False
    return bool(roles_on(user, case)) or any(
        p.user_id == user.id and p.role == "reviewer" and p.until is None for p in case.participants
    )


def is_blind(user: User, case: Case) -> bool:
    """Whether this person knows the case by its redacted copy alone: now, and when its round is over.

    So for whoever was asked in a blind round and has no other part in the case; the one question for pages,
    API, lists and mails. All else of the case is not theirs to see.
    """
    blind = process(case.process).blind_states()
    asked = [p for p in case.participants if p.user_id == user.id and p.role == "reviewer"] if blind else []
    if not any(p.state in blind for p in asked):
        return False
    openly = any(p.until is None and p.state not in blind for p in asked)
    return not openly and not roles_on(user, case) - {"reviewer"}


def may_read_redacted(user: User, case: Case) -> bool:
    """Read the redacted copy: who reviews by it, and after the round still."""
    mine = (p for p in case.participants if p.user_id == user.id and p.role == "reviewer")
    return case.voided_at is None and is_blind(user, case) and any(p.until is None for p in mine)


def may_redact(user: User, case: Case) -> bool:
    """Look at the redacted copy beside the original and change it: those who assign its reviewers."""
    rule = process(case.process).states[case.state].review
    return rule is not None and rule.blind and bool(roles_on(user, case) & set(rule.assign))


def _openly_asked() -> ColumnElement[bool]:
    """A part in a case other than that of a reviewer in a blind round."""
    blind = {v: sorted(process(v).blind_states()) for v in versions()}
    rounds = [and_(Case.process == v, Participant.state.in_(names)) for v, names in blind.items() if names]
    return or_(Participant.role != "reviewer", ~or_(*rounds)) if rounds else true()


def visible(user: User) -> ColumnElement[bool]:
    """`may_see` as SQL, for lists; the two are held together by a test."""
    kept = Case.voided_at.is_(None)
    if user.global_roles & SEE_EVERY_CASE:
        return kept
    takes_part = exists(
        select(Participant.id)
        .where(
            Participant.case_id == Case.id,
            Participant.user_id == user.id,
            Participant.until.is_(None),
            _openly_asked(),
        )
        .correlate(Case)
    )
    return and_(kept, or_(takes_part, _as_head(user), of_origin(user), _as_organiser(user)))


def of_origin(user: User) -> ColumnElement[bool]:
    """Adoptions of a case that this person stands behind or whose agency they head."""
    behind = (
        select(Participant.case_id)
        .where(Participant.user_id == user.id, Participant.role.in_(WRITERS), Participant.until.is_(None))
        .correlate(None)
    )
    found = Case.parent_id.in_(behind)
    return or_(found, headed_origin(user)) if user.heads_agency and user.agency else found


def headed_origin(user: User) -> ColumnElement[bool]:
    """Adoptions of a case whose agency this person heads."""
    if not (user.heads_agency and user.agency):
        return false()
    origin = aliased(Case)
    below = select(Agency.id).where(Agency.path.startswith(user.agency.path, autoescape=True))
    return Case.parent_id.in_(select(origin.id).where(origin.agency_id.in_(below)))


def _as_head(user: User) -> ColumnElement[bool]:
    if not (user.heads_agency and user.agency):
        return false()
    below = select(Agency.id).where(Agency.path.startswith(user.agency.path, autoescape=True))
    return Case.agency_id.in_(below)


def _as_organiser(user: User) -> ColumnElement[bool]:
    return and_(true(), Case.cohort_id.is_not(None)) if "organiser" in user.global_roles else false()


def may_propose(user: User) -> bool:
    """Any officer of an agency; outside reviewers have none."""
    return user.agency_id is not None


def may_adopt(user: User) -> bool:
    """Say that one's agency wants to take an innovation over."""
    return user.agency_id is not None


def may_offer(user: User) -> bool:
    """Offer an innovation to an agency, and see which agencies would fit."""
    return "coordinator" in user.global_roles


def may_see_reviews(user: User, case: Case, *, reviewed_by_me: bool, others: str = "after_own") -> bool:
    """Staff always; a reviewer when `others` of the stage says; a proposer hears what a decision carried."""
    roles = roles_on(user, case)
    if roles & SEE_REVIEWS:
        return True
    if others == "at_once":
        return reviewed_by_me or "reviewer" in roles
    return reviewed_by_me and others == "after_own"


def discussions(user: User, case: Case, *, reviewed_by_me: bool, others: str) -> tuple[str, ...]:
    """The audiences whose messages a person reads and may address, narrowest first."""
    roles = roles_on(user, case)
    if not roles or is_blind(user, case):
        return ()
    if roles & SEE_REVIEWS:
        return ("staff", "reviewers", "everyone")
    if "reviewer" in roles and may_see_reviews(user, case, reviewed_by_me=reviewed_by_me, others=others):
        return ("reviewers", "everyone")
    return ("everyone",)


def speaks_as(user: User, case: Case) -> str | None:
    """The role in which a person takes part in the discussion; auditors only read."""
    roles = roles_on(user, case)
    return next((role for role in CASE_ROLES if role in roles), None)


def may_judge(user: User, case: Case) -> bool:
    """Verify the evidence of an entry; such a person is also told what resembles it elsewhere."""
    return bool(roles_on(user, case) & JUDGE_LEVELS)


def may_nudge(user: User, case: Case) -> bool:
    """Remind whoever holds the turn: those who run the work, and not the one case."""
    return bool(roles_on(user, case) & NUDGE)


def may_see_all_mail(user: User, case: Case) -> bool:
    """The mails of a case to others than oneself."""
    return bool(roles_on(user, case) & SEE_REVIEWS)


def may_share_views(user: User) -> bool:
    """Offer a list of one's own to everybody; what it shows is still each reader's own."""
    return bool(user.global_roles & {"coordinator", "organiser"})


def may_act_in_bulk(user: User) -> bool:
    """Take one step on many cases of a list; each is asked about on its own."""
    return bool(user.global_roles & {"coordinator", "organiser"})


def may_hold(user: User) -> bool:
    """Decide now and release later; each case is asked about on its own."""
    return bool(user.global_roles & {"coordinator", "organiser"})


def may_run_delivery(user: User) -> bool:
    """Look at jobs and mails of all cases, retry and drop."""
    return bool(user.global_roles & {"coordinator", "admin"})


def may_see_chain(user: User) -> bool:
    """The state of the chain of events, without what is in it."""
    return bool(user.global_roles & {"coordinator", "auditor", "admin"})


def may_run_entries(user: User) -> bool:
    """The region's year: index, windows, SPD."""
    return "coordinator" in user.global_roles


def may_see_entries(user: User) -> bool:
    """The region's index over all entries."""
    return bool(user.global_roles & SEE_EVERY_CASE)


def may_report(user: User) -> bool:
    """The page for the regent, over all cases."""
    return bool(user.global_roles & SEE_EVERY_CASE)


def may_export_entry(user: User, case: Case) -> bool:
    """Take an entry away as a package, with all of its evidence: reviewers may look, but not carry off."""
    return bool(roles_on(user, case) & EXPORT)


def may_export_year(user: User) -> bool:
    """The packages of every entry of a year."""
    return bool(user.global_roles & SEE_EVERY_CASE)


def may_export_registry(user: User) -> bool:
    """Carry the registry over into the office's other one."""
    return bool(user.global_roles & SEE_EVERY_CASE)


def import_kinds(user: User) -> tuple[str, ...]:
    """What a person may bring in: cohorts whoever runs the training, the registry whoever keeps it."""
    if "coordinator" in user.global_roles:
        return ("cohort", "registry")
    return ("cohort",) if "organiser" in user.global_roles else ()


def may_import(user: User) -> bool:
    return bool(import_kinds(user))


def may_manage_people(user: User) -> bool:
    return "admin" in user.global_roles


def may_edit_agencies(user: User) -> bool:
    """Say how the public reaches an agency."""
    return bool(user.global_roles & {"coordinator", "admin"})


def may_edit_calendar(user: User) -> bool:
    """Add and remove days off, which moves running deadlines."""
    return bool(user.global_roles & {"admin", "coordinator"})


def may_edit_mails(user: User) -> bool:
    """Change the words of mails."""
    return bool(user.global_roles & {"coordinator", "admin"})


def may_manage_webhooks(user: User) -> bool:
    """Send events to systems outside."""
    return "admin" in user.global_roles


def may_see_feed(user: User) -> bool:
    """The global event feed spans all cases."""
    return bool(user.global_roles & SEE_EVERY_CASE)


def agency_conflict(reviewer: User, agency: Agency) -> str | None:
    """Why this person may not review for an agency, in words; none where the two are strangers."""
    if reviewer.agency and agency.path.startswith(reviewer.agency.path):
        return f"{reviewer.name} berasal dari instansi pengusul ({reviewer.agency.short_name})."
    if reviewer.agency and reviewer.agency.path.startswith(agency.path):
        return f"{reviewer.name} bekerja di bawah instansi pengusul ({agency.short_name})."
    return None


def may_edit_reviewers(user: User) -> bool:
    """Keep what assignment rests on: expertise, posts, the end of access, substitutes of others."""
    return bool(user.global_roles & {"coordinator", "admin"})


def may_compare(user: User) -> bool:
    """See a cohort's scores side by side."""
    return bool(user.global_roles & SEE_REVIEWS)


def may_see_overview(user: User) -> bool:
    """The figures of all cases one may see: those who lead an agency or the work as a whole."""
    return user.heads_agency or bool(user.global_roles & SEE_REVIEWS)


def may_declare(user: User, case: Case) -> bool:
    """Say that one has a conflict of interest: whoever may be asked to review, and whoever was."""
    asked = any(p.user_id == user.id and p.role == "reviewer" for p in case.participants)
    return asked or "reviewer" in user.global_roles


def may_dismiss(user: User, case: Case) -> bool:
    """Decide that a conflict of interest does not stand in the way."""
    return "coordinator" in roles_on(user, case)


def may_read_note(user: User, case: Case, event: str, actor_id: int | None) -> bool:
    """What a person wrote about themselves (a conflict, an abstention) is for staff and for them alone."""
    return event not in CONFIDENTIAL or actor_id == user.id or bool(roles_on(user, case) & SEE_REVIEWS)


def may_run_seminars(user: User) -> bool:
    """Arrange the seminars of a cohort: who runs the training, and who coordinates."""
    return bool(user.global_roles & {"coordinator", "organiser"})


def seat_in(user: User, slot: SeminarSlot) -> str | None:
    """The role in which a person sits in a presentation: the case's people, and who examines it there."""
    if slot.case.voided_at is not None:
        return None
    seats = (p for p in slot.case.participants if p.user_id == user.id and p.until is None)
    return next((p.role for p in seats if p.role != "reviewer" or p.state == slot.seminar.state), None)


def may_keep_seminar(user: User, seminar: Seminar) -> bool:
    """Write down who came and what was said: the chair, and those who arrange."""
    return may_run_seminars(user) or seminar.chair_id == user.id


def may_see_slot(user: User, slot: SeminarSlot) -> bool:
    """Of a session everybody sees the presentations they sit in; the chair and those who arrange see all."""
    return may_keep_seminar(user, slot.seminar) or seat_in(user, slot) is not None


def may_judge_slot(user: User, slot: SeminarSlot) -> bool:
    """Take the score sheet along: who examines, and who keeps the session."""
    return may_keep_seminar(user, slot.seminar) or seat_in(user, slot) == "reviewer"


def may_see_seminar(user: User, seminar: Seminar) -> bool:
    """Those who arrange, the chair, and whoever sits in one of its presentations; nobody else."""
    return may_keep_seminar(user, seminar) or any(seat_in(user, slot) for slot in seminar.slots)


def seminars_visible(user: User) -> ColumnElement[bool]:
    """`may_see_seminar` as SQL, for lists; the two are held together by a test."""
    if may_run_seminars(user):
        return true()
    mine = select(SeminarSlot.seminar_id).where(seated(user))
    return or_(Seminar.chair_id == user.id, Seminar.id.in_(mine))


def seated(user: User) -> ColumnElement[bool]:
    """The slots in which a person sits: `seat_in` as SQL."""
    held = aliased(Seminar)
    examined = select(held.state).where(held.id == SeminarSlot.seminar_id).correlate(SeminarSlot)
    sits = (
        select(Participant.id)
        .join(Case, Case.id == Participant.case_id)
        .where(
            Participant.case_id == SeminarSlot.case_id,
            Participant.user_id == user.id,
            Participant.until.is_(None),
            Case.voided_at.is_(None),
            or_(Participant.role != "reviewer", Participant.state == examined.scalar_subquery()),
        )
    )
    return sits.correlate(SeminarSlot).exists()
