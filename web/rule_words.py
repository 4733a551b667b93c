"""A rule of notification in words, the same wherever it is told: when it holds, who hears of it, and what."""

from collections.abc import Sequence

from web.case_view import FACT_TITLES
from web.language import locale
from web.language import say as _
from workflow.definition import Process
from workflow.notice_rules import Rule
from workflow.phrases import AUDIENCE_NAMES, MAIL_NAMES, ROLE_NAMES


def occasion(flow: Process, rule: Rule) -> str:
    """When: a step, a fact, or the time of a state."""
    if rule.fact:
        return _("Setelah “%(fact)s”", fact=_(FACT_TITLES[rule.fact]))
    if rule.state:
        state = flow.states[rule.state].title(locale())
        if rule.days is None:
            return _("Bila batas waktu “%(state)s” terlewati", state=state)
        return _("%(days)s hari kerja sebelum batas waktu “%(state)s”", days=rule.days, state=state)
    step = flow.transition(rule.stage, rule.step)
    title = step.title(locale()) if step else rule.step
    if rule.by_system:
        return _("Setelah sistem menjalankan “%(step)s”", step=title)
    return _("Setelah “%(step)s”", step=title)


def audience(name: str) -> str:
    return _(AUDIENCE_NAMES.get(name) or ROLE_NAMES[name])


def sentence(flow: Process, rules: Sequence[Rule]) -> str:
    """One occasion in one sentence, with all who hear of it by the same mail."""
    who = _(" atau ").join(audience(rule.audience) for rule in rules)
    return _(
        "%(when)s, sistem memberi tahu %(who)s: %(what)s.",
        when=occasion(flow, rules[0]),
        who=who,
        what=_(MAIL_NAMES[rules[0].kind]),
    )
