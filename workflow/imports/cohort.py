"""Rows of a cohort: participants and mentors as accounts, one draft for each participant."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow.calendar import wib_date
from workflow.commands import Arrival
from workflow.imports.agencies import AgencyIndex
from workflow.imports.columns import plain
from workflow.imports.people import People, Person, Unknown, other_name, person_of
from workflow.imports.registry import CATEGORIES, settle_agency
from workflow.imports.rows import Verdict, read_row
from workflow.models import Case, Cohort, Import, ImportRow, Participant, User
from workflow.nip import Seal

ROMAN = re.compile(r"\b(?:angkatan|batch)\s+([ivxlc]+|\d+)\b", re.IGNORECASE)
YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
TITLE_FOLLOWS = "Judul menyusul; dicatat “{title}” sampai pesertanya mengubahnya."


def judge(
    session: Session, made: Import, rows: Sequence[ImportRow], seal: Seal, now: datetime
) -> list[Verdict]:
    """What each row is, in order."""
    agencies = AgencyIndex(session, made.options.get("agencies", {}))
    verdicts = [read_row(made, row, seal, wib_date(now)) for row in rows]
    people = _people(session, verdicts, seal)
    cohorts = _cohorts(session)
    members = _members(session)
    earlier = _earlier(session, made, rows)
    for verdict in verdicts:
        settle_agency(verdict, agencies)
        _complete(verdict)
        cohort = _cohort_name(made, verdict, cohorts)
        _identify(verdict, people, seal, cohort, members, earlier)
        _check_mentor(verdict, people, seal)
    return verdicts


def arrivals(
    session: Session, made: Import, verdicts: Sequence[Verdict], seal: Seal, now: datetime
) -> dict[int, Arrival]:
    """What to make of the rows that are ready, by the ids of the rows; accounts and cohorts are made here."""
    people, cohorts, found = _people(session, verdicts, seal), _cohorts(session), dict[int, Arrival]()
    for verdict in verdicts:
        if verdict.status == "ready" and verdict.agency is not None:
            cohort = _cohort(session, verdict.document["cohort"], cohorts)
            participant = person_of(verdict.document, "", seal)
            if participant is None:
                continue
            found[verdict.row.id] = Arrival(
                title=verdict.document["title"],
                category=CATEGORIES[verdict.document["category"]],
                agency=verdict.agency,
                year=wib_date(now).year,
                source={"import": made.id, "row": verdict.row.row, "file": made.file_name},
                raw=verdict.raw,
                cohort=cohort,
                proposer=people.find_or_make(participant, verdict.agency, now),
                mentor=_mentor(people, verdict, seal, now),
            )
    made.options = {**made.options, "accounts": made.options.get("accounts", 0) + len(people.made)}
    return found


def _mentor(people: People, verdict: Verdict, seal: Seal, now: datetime) -> User | None:
    """The mentor, where the row says enough; else none for now, as the check remarked."""
    mentor = person_of(verdict.document, "mentor_", seal)
    if mentor is None or verdict.agency is None or _same(verdict, mentor, people, seal):
        return None
    named = replace(mentor, name=mentor.name or (mentor.email or "").partition("@")[0])
    try:
        return people.find_or_make(named, verdict.agency, now)
    except Unknown:
        return None


def cohort_code(name: str) -> str | None:
    """PKP Angkatan IV 2022 → pkp-iv-2022; None for a name without a year."""
    year = YEAR.search(name)
    if year is None:
        return None
    batch = ROMAN.search(name)
    training = plain(name).split()[0]
    parts = [training, batch.group(1).lower() if batch else "", year.group(1)]
    return "-".join(filter(None, parts))[:60]


def _cohorts(session: Session) -> dict[str, Cohort]:
    """Every cohort under its code and its name, plain."""
    found: dict[str, Cohort] = {}
    for cohort in session.scalars(select(Cohort).order_by(Cohort.id)):
        found |= {plain(cohort.code): cohort, plain(cohort.name): cohort}
    return found


def _cohort(session: Session, name: str, cohorts: dict[str, Cohort]) -> Cohort:
    """The cohort of a name that `_cohort_name` let pass; made where it is new."""
    code = cohort_code(name) or ""
    held = cohorts.get(plain(name)) or cohorts.get(plain(code))
    if held is None:
        held = Cohort(code=code, name=name, year=int(code[-4:]))
        session.add(held)
        session.flush()
        cohorts |= {plain(code): held, plain(name): held}
    return held


def _cohort_name(made: Import, verdict: Verdict, cohorts: dict[str, Cohort]) -> str | None:
    name = verdict.document.setdefault("cohort", made.options.get("cohort", ""))
    code = cohort_code(name)
    held = cohorts.get(plain(name)) or cohorts.get(plain(code or ""))
    if held is not None:
        return held.code
    if code is None:
        said = "Angkatan tidak dikenal. Pilih angkatannya, atau tulis seperti “PKP Angkatan IV 2022”."
        verdict.say("cohort", "error", said)
    return code


def _people(session: Session, verdicts: Sequence[Verdict], seal: Seal) -> People:
    documents = [v.document for v in verdicts]
    emails = {d[name] for d in documents for name in ("email", "mentor_email") if name in d}
    nips = any(name in d for d in documents for name in ("nip", "mentor_nip"))
    return People.of(session, seal, emails, nips=nips)


def _members(session: Session) -> dict[tuple[str, str], str]:
    """Who has a case in which cohort: the case's number by cohort and address."""
    query = (
        select(Case)
        .join(Participant, Participant.case_id == Case.id)
        .where(Case.cohort_id.is_not(None), Case.voided_at.is_(None), Participant.role == "proposer")
        .where(Participant.until.is_(None))
    )
    found: dict[tuple[str, str], str] = {}
    for case in session.scalars(query).unique():
        user = case.holder("proposer")
        if user and case.cohort:
            found[case.cohort.code, user.email] = case.number
    return found


def _earlier(session: Session, made: Import, rows: Sequence[ImportRow]) -> dict[str, int]:
    """The participants of rows further up, by key."""
    query = (
        select(ImportRow.key, func.min(ImportRow.row))
        .where(ImportRow.import_id == made.id, ImportRow.row < rows[0].row, ImportRow.key.is_not(None))
        .where(ImportRow.status.in_(("ready", "done")))
        .group_by(ImportRow.key)
    )
    return {key: number for key, number in session.execute(query) if key}


def _complete(verdict: Verdict) -> None:
    """What a list of participants may leave open until the participant settles it."""
    document = verdict.document
    if "title" not in document:
        document["title"] = f"Aksi perubahan {document.get('name', '')}"[:200].strip()
        verdict.say("title", "remark", TITLE_FOLLOWS.format(title=document["title"]))
    if "category" not in document:
        document["category"] = "Non Digital"
        verdict.say(
            "category", "remark", "Jenis menyusul; dicatat Non Digital sampai pesertanya mengubahnya."
        )


def _identify(
    verdict: Verdict,
    people: People,
    seal: Seal,
    cohort: str | None,
    members: dict[tuple[str, str], str],
    earlier: dict[str, int],
) -> None:
    person = person_of(verdict.document, "", seal)
    if person is None or not person.name:
        return
    try:
        user = people.find(person)
    except Unknown as fault:
        verdict.say("email", "error", str(fault))
        return
    email = user.email if user else person.email
    if email is None:
        if not verdict.blames("email"):
            verdict.say(
                "email", "error", "Isi surel peserta; akun perlu dibuat karena NIP-nya belum dikenal."
            )
        return
    if user and (remark := other_name(user, person.name)):
        verdict.say("name", "remark", remark)
    if cohort is None:
        return
    verdict.key = f"{cohort}/{email}"[:300]
    held = members.get((cohort, email))
    above = earlier.get(verdict.key)
    verdict.duplicate_of = held or (f"baris {above}" if above else None)
    if verdict.duplicate_of:
        said = f"Peserta ini sudah tercatat pada angkatan ini ({verdict.duplicate_of}). Baris ini dilewati."
        verdict.say("name", "remark", said)
    elif verdict.status == "ready":
        earlier[verdict.key] = verdict.row.row


def _check_mentor(verdict: Verdict, people: People, seal: Seal) -> None:
    mentor = person_of(verdict.document, "mentor_", seal)
    if mentor is None:
        verdict.say("mentor_name", "remark", "Mentor belum disebut; tetapkan sebelum usulan diajukan.")
        return
    try:
        user = people.find(mentor)
    except Unknown as fault:
        verdict.say("mentor_email", "remark", f"{fault} Mentor belum ditetapkan.")
        return
    if user is None and mentor.email is None:
        verdict.say("mentor_email", "remark", "Surel mentor belum ada; tetapkan mentornya kemudian.")
    elif _same(verdict, mentor, people, seal):
        verdict.say("mentor_email", "remark", "Mentor sama dengan peserta; mentor belum ditetapkan.")
    elif user and mentor.name and (remark := other_name(user, mentor.name)):
        verdict.say("mentor_name", "remark", remark)


def _same(verdict: Verdict, mentor: Person, people: People, seal: Seal) -> bool:
    person = person_of(verdict.document, "", seal)
    if person is None:
        return False
    try:
        one, other = people.find(person), people.find(mentor)
    except Unknown:
        return False
    return (one is not None and one is other) or (person.email is not None and person.email == mentor.email)
