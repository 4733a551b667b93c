"""Conditions that a schema cannot express. Each returns nothing, or the reason with its present value."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow import adoptions, dates, revision
from workflow.calendar import add_months, wib_date
from workflow.definition import Process, ReviewRule, Transition
from workflow.errors import Reason
from workflow.iid.entries import standing
from workflow.models import Agency, Case, Event, Review, User
from workflow.models.entries import WAITING
from workflow.validation import schema


@dataclass(frozen=True)
class Attempt:
    """A step about to be taken: what a guard may look at."""

    session: Session
    process: Process
    case: Case
    transition: Transition
    now: datetime
    actor_id: int | None = None


Guard = Callable[..., Reason | None]


def unmet(attempt: Attempt) -> list[Reason]:
    """The reasons of all guards that do not hold."""
    found = (GUARDS[g.name](attempt, **g.arguments) for g in attempt.transition.guards)
    return [reason for reason in found if reason is not None]


def in_cohort(attempt: Attempt) -> Reason | None:
    if attempt.case.cohort_id is not None:
        return None
    return Reason("in_cohort", "Usulan ini tidak terdaftar pada angkatan PKP.")


def outside_cohort(attempt: Attempt) -> Reason | None:
    if attempt.case.cohort is None:
        return None
    return Reason(
        "outside_cohort",
        f"Usulan ini terdaftar pada {attempt.case.cohort.name} dan mengikuti jalur PKP.",
    )


def mentor_named(attempt: Attempt) -> Reason | None:
    if attempt.case.holder("mentor"):
        return None
    return Reason("mentor_named", "Mentor belum ditetapkan.", fix="people")


def agency_head_known(attempt: Attempt) -> Reason | None:
    if head_of(attempt.session, attempt.case.agency):
        return None
    name = attempt.case.agency.name
    return Reason("agency_head_known", f"Kepala {name} belum memiliki akun; hubungi Bappeda Litbang.")


def recorded(attempt: Attempt, form: str, at_least: int = 1) -> Reason | None:
    """The form has been submitted in this case, or often enough where it collects."""
    held = attempt.case.forms.get(form)
    count = len(held) if isinstance(held, list) else int(held is not None)
    if count >= at_least:
        return None
    title = schema(form)["title"]
    fix = next((t.name for t in attempt.process.leaving(attempt.case.state) if t.form == form), None)
    if at_least == 1:
        return Reason("recorded", f"{title} belum dicatat.", fix)
    return Reason("recorded", f"{title} baru {count} dari minimal {at_least}.", fix)


def at_most(attempt: Attempt, transition: str, times: int) -> Reason | None:
    """The named step has been taken fewer than `times` times in this case."""
    step = attempt.process.transition(attempt.transition.stage, transition)
    event = step.event if step else ""
    count = attempt.session.scalar(
        select(func.count()).where(Event.case_id == attempt.case.id, Event.name == event)
    )
    if (count or 0) < times:
        return None
    return Reason(
        "at_most",
        f"“{step.title.id if step else transition}” sudah dilakukan {count} kali, maksimal {times}.",
    )


def person_in_charge(attempt: Attempt) -> Reason | None:
    """Somebody at the agency stands behind the case."""
    if attempt.case.holder("proposer"):
        return None
    return Reason(
        "person_in_charge", "Penanggung jawab di perangkat daerah replikator belum ditetapkan.", "pic"
    )


def ran_for(attempt: Attempt, months: int, since: str) -> Reason | None:
    """That many months have passed since the day that a form names."""
    form, _, key = since.partition(".")
    held = attempt.case.forms.get(form)
    if held is None:
        return Reason("ran_for", f"{schema(form)['title']} belum dicatat.")
    ready = add_months(date.fromisoformat(held[key]), months)
    if wib_date(attempt.now) >= ready:
        return None
    return Reason("ran_for", f"Hasil {months} bulan dapat dicatat mulai {dates.long_date(ready)}.")


def adopted_by(attempt: Attempt, agencies: int) -> Reason | None:
    """Enough agencies of the regency have adopted the innovation, in any generation."""
    count = len(adoptions.adopters(attempt.session, attempt.case))
    if count >= agencies:
        return None
    return Reason("adopted_by", f"Baru {count} dari {agencies} perangkat daerah mengadopsi inovasi ini.")


def another_person(attempt: Attempt, transition: str) -> Reason | None:
    """Somebody else took the named step last: what one person prepared, a second one releases."""
    step = attempt.process.transition(attempt.transition.stage, transition)
    taken = select(Event).where(Event.case_id == attempt.case.id, Event.name == (step.event if step else ""))
    last = attempt.session.scalars(taken.order_by(Event.id.desc()).limit(1)).first()
    if last is None or last.actor_id is None or last.actor_id != attempt.actor_id:
        return None
    return Reason(
        "another_person",
        "Anda yang menyiapkan entri ini; pelepasan dilakukan oleh koordinator lain.",
    )


def requests_answered(attempt: Attempt) -> Reason | None:
    """Nothing that was asked of this case has stayed without an answer."""
    waiting = revision.unanswered(attempt.case)
    if not waiting:
        return None
    named = ", ".join(f"nomor {request.number}" for request in waiting)
    fix = next(
        (t.name for t in attempt.process.leaving(attempt.case.state) if t.form == revision.ANSWERS), None
    )
    text = f"{len(waiting)} permintaan perbaikan belum dijawab: {named}."
    return Reason("requests_answered", text, fix)


def requests_waiting(attempt: Attempt) -> Reason | None:
    """There is something to answer."""
    if revision.unanswered(attempt.case):
        return None
    return Reason("requests_waiting", "Tidak ada permintaan perbaikan yang menunggu jawaban.")


def round_complete(attempt: Attempt) -> Reason | None:
    """Everybody asked has answered or a quorum has, as the stage file says; or a quorum has and time is over.

    Reviews set aside for a conflict of interest do not count.
    """
    rule = review_rule(attempt)
    if rule is None:
        return Reason("round_complete", "Status ini tidak memiliki penelaahan.")
    return missing(attempt.case, rule, reviews(attempt), attempt.now)


def round_short(attempt: Attempt, given: int = 1) -> Reason | None:
    """The time of the round is over without a quorum, and at least `given` reviews are there to go by."""
    rule = review_rule(attempt)
    if rule is None or not time_over(attempt.case, attempt.now):
        return Reason("round_open", "Waktu putaran penelaahan belum berakhir.")
    held = reviews(attempt)
    if missing(attempt.case, rule, held, attempt.now) is None:
        return Reason("round_open", "Kuorum sudah tercapai; sistem yang menutup putaran ini.")
    count = len(counted(held))
    if count >= given:
        return None
    return Reason(
        "round_short",
        f"Baru {count} penilaian; untuk memutuskan diperlukan paling sedikit {given}.",
        fix="reviewers",
    )


def reviews_agree(attempt: Attempt) -> Reason | None:
    text = _disagreement(attempt)
    return Reason("reviews_agree", text) if text else None


def reviews_disagree(attempt: Attempt) -> Reason | None:
    if _disagreement(attempt):
        return None
    return Reason("reviews_disagree", "Penilaian para penelaah tidak bertentangan.")


def _disagreement(attempt: Attempt) -> str | None:
    """How the reviews contradict each other by the rule of the stage; None where they do not."""
    rule, given = review_rule(attempt), counted(reviews(attempt))
    if rule is None:
        return None
    apart = spread(given)
    if rule.spread is not None and apart is not None and apart > rule.spread:
        shown = str(apart).replace(".", ",")
        return f"Nilai penelaah berselisih {shown} poin; batasnya {rule.spread}."
    if rule.opposed and set(rule.opposed) <= {review.recommendation for review in given}:
        return "Rekomendasi para penelaah bertolak belakang."
    return None


def score_passes(attempt: Attempt) -> Reason | None:
    rule, score = review_rule(attempt), average(reviews(attempt))
    if rule and score is not None and score >= rule.pass_score:
        return None
    return Reason("score_passes", _score_message(score, rule))


def score_below_pass(attempt: Attempt) -> Reason | None:
    rule, score = review_rule(attempt), average(reviews(attempt))
    if rule and score is not None and score < rule.pass_score:
        return None
    return Reason("score_below_pass", _score_message(score, rule))


def _score_message(score: Decimal | None, rule: ReviewRule | None) -> str:
    if score is None or rule is None:
        return "Belum ada penilaian."
    return f"Nilai rata-rata {str(score).replace('.', ',')}; ambang batas {rule.pass_score}."


def levels_proven(attempt: Attempt) -> Reason | None:
    """Something is claimed, and nothing without evidence."""
    found = standing(attempt.session, attempt.case)
    bare = found.having("unproven")
    if bare:
        names = "; ".join(row.indicator.title for row in bare)
        return Reason("levels_proven", f"Parameter dipilih tanpa bukti dukung: {names}.", fix="indicators")
    if not found.maturity.claimed:
        return Reason("levels_proven", "Belum ada indikator yang dipilih dan berbukti.", fix="indicators")
    return None


def levels_verified(attempt: Attempt) -> Reason | None:
    """Bappeda Litbang has judged every claim."""
    waiting = standing(attempt.session, attempt.case).having(WAITING, "unproven")
    if not waiting:
        return None
    return Reason("levels_verified", f"{len(waiting)} indikator belum diverifikasi.", fix="indicators")


def entry_scored(attempt: Attempt) -> Reason | None:
    if standing(attempt.session, attempt.case).maturity.verified:
        return None
    return Reason(
        "entry_scored", "Skor terverifikasi masih 0: belum ada bukti yang diterima.", fix="indicators"
    )


def entry_rule(attempt: Attempt, rule: str) -> Reason | None:
    """One condition of eligibility, by the catalogue of the entry's year."""
    found = standing(attempt.session, attempt.case).requirement(rule)
    return None if found.met else Reason("entry_rule", found.message)


GUARDS: dict[str, Guard] = {
    "in_cohort": in_cohort,
    "outside_cohort": outside_cohort,
    "mentor_named": mentor_named,
    "agency_head_known": agency_head_known,
    "recorded": recorded,
    "at_most": at_most,
    "person_in_charge": person_in_charge,
    "ran_for": ran_for,
    "adopted_by": adopted_by,
    "another_person": another_person,
    "requests_answered": requests_answered,
    "requests_waiting": requests_waiting,
    "round_complete": round_complete,
    "round_short": round_short,
    "reviews_agree": reviews_agree,
    "reviews_disagree": reviews_disagree,
    "levels_proven": levels_proven,
    "levels_verified": levels_verified,
    "entry_scored": entry_scored,
    "entry_rule": entry_rule,
    "score_passes": score_passes,
    "score_below_pass": score_below_pass,
}


# --- what guards and pages both ask --------------------------------------------------------------


def review_rule(attempt: Attempt) -> ReviewRule | None:
    return attempt.process.states[attempt.case.state].review


def missing(case: Case, rule: ReviewRule, given: Iterable[Review], now: datetime) -> Reason | None:
    """What the present round of the case still lacks; nothing where it may close."""
    held = counted(given)
    asked = {user.id for user in case.holders("reviewer", case.state)}
    everybody = asked <= {review.reviewer_id for review in held}
    over = time_over(case, now)
    if len(held) < rule.quorum and over:
        text = f"Baru {len(held)} penilaian; kuorumnya {rule.quorum}."
        return Reason("round_complete", text, fix="reviewers")
    if len(held) < rule.quorum or not (over or rule.closes == "quorum" or everybody):
        most = max(len(asked), rule.quorum)
        text = f"Baru {len(held)} dari {most} penelaah memberi penilaian."
        return Reason("round_complete", text, fix="reviewers")
    outside = sum(is_outside(review.reviewer, case) for review in held)
    if outside < rule.outside:
        text = f"Baru {outside} dari {rule.outside} penilaian berasal dari luar perangkat daerah pengusul."
        return Reason("round_complete", text, fix="reviewers")
    return None


def time_over(case: Case, now: datetime) -> bool:
    """Whether the period of the case's state has ended."""
    return case.due_at is not None and now >= case.due_at


def reviews(attempt: Attempt) -> list[Review]:
    return reviews_of(attempt.session, attempt.case)


def reviews_of(session: Session, case: Case) -> list[Review]:
    """The reviews of the present visit of the present state, oldest first."""
    return list(
        session.scalars(
            select(Review).where(Review.case_id == case.id, Review.visit == case.visit).order_by(Review.id)
        ).unique()
    )


def counted(given: Iterable[Review]) -> list[Review]:
    """Without those set aside for a conflict of interest."""
    return [review for review in given if review.set_aside_at is None]


def average(given: Iterable[Review]) -> Decimal | None:
    """The plain mean of the weighted scores that count, two places; None without any."""
    scores = [Decimal(review.score) for review in counted(given)]
    return (sum(scores, Decimal(0)) / len(scores)).quantize(Decimal("0.01")) if scores else None


def spread(given: Iterable[Review]) -> Decimal | None:
    """How far the highest and the lowest score that count lie apart; None with fewer than two."""
    scores = [Decimal(review.score) for review in counted(given)]
    return max(scores) - min(scores) if len(scores) > 1 else None


def is_outside(reviewer: User, case: Case) -> bool:
    """Whether the person works neither in the case's agency nor above or below it."""
    home = reviewer.agency
    return home is None or not (
        case.agency.path.startswith(home.path) or home.path.startswith(case.agency.path)
    )


def head_of(session: Session, agency: Agency) -> User | None:
    """The head of the agency, or of the nearest one above it that has a head with an account."""
    codes = [code for code in agency.path.split("/") if code]
    heads = session.scalars(
        select(User)
        .join(User.agency)
        .where(Agency.code.in_(codes), User.heads_agency.is_(True), User.active.is_(True))
    ).unique()
    return max(heads, key=lambda user: len(user.agency.path) if user.agency else 0, default=None)
