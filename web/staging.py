"""Files as a form sends them, on their way into the store: all of them or none, each fault with its file."""

from contextlib import ExitStack

from werkzeug.datastructures import FileStorage

from workflow.errors import DomainError, Invalid, Problem
from workflow.evidence_store import EvidenceStore, Staged, TooLarge


def stage_all(stack: ExitStack, store: EvidenceStore, files: list[FileStorage]) -> list[Staged]:
    staged, faults = [], []
    for upload in files:
        try:
            staged.append(stack.enter_context(store.stage(upload.stream)))
        except (Invalid, TooLarge) as refusal:
            faults += [named(p, upload.filename or "") for p in problems_of(refusal)]
    if faults:
        raise Invalid(faults)
    return staged


def problems_of(refusal: DomainError) -> list[Problem]:
    if isinstance(refusal, Invalid):
        return refusal.problems
    return [Problem("/file", str(refusal))]


def named(problem: Problem, name: str) -> Problem:
    if problem.pointer != "/file":
        return problem
    return Problem("/file", f"{name[:120]}: {problem.message}")
