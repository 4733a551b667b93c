"""Which urusan a case serves."""

from workflow.models import Case


def affairs(case: Case) -> tuple[str | None, list[str]]:
    """The main urusan of a case and the others it serves, as its forms say."""
    for form in ("iga_profile", "change_plan", "innovation_proposal"):
        held = case.forms.get(form)
        if isinstance(held, dict) and "main_affair" in held:
            return held["main_affair"], held.get("other_affairs", [])
    return None, []
