"""Who may do what by a role held everywhere, as a table; the machine of hands walks those on a case."""

from datetime import timedelta

import pytest

from tests.conftest import MONDAY
from workflow import policy
from workflow.models import Grant, User

MAY = {
    "may_act_in_bulk": {"coordinator", "organiser"},
    "may_compare": {"coordinator", "organiser", "auditor"},
    "may_edit_agencies": {"coordinator", "admin"},
    "may_edit_calendar": {"coordinator", "admin"},
    "may_edit_mails": {"coordinator", "admin"},
    "may_edit_reviewers": {"coordinator", "admin"},
    "may_export_registry": {"coordinator", "auditor"},
    "may_export_year": {"coordinator", "auditor"},
    "may_hold": {"coordinator", "organiser"},
    "may_import": {"coordinator", "organiser"},
    "may_manage_people": {"admin"},
    "may_manage_webhooks": {"admin"},
    "may_offer": {"coordinator"},
    "may_report": {"coordinator", "auditor"},
    "may_run_delivery": {"coordinator", "admin"},
    "may_run_entries": {"coordinator"},
    "may_run_seminars": {"coordinator", "organiser"},
    "may_see_chain": {"coordinator", "auditor", "admin"},
    "may_see_entries": {"coordinator", "auditor"},
    "may_see_feed": {"coordinator", "auditor"},
    "may_see_overview": {"coordinator", "organiser", "auditor"},
    "may_share_views": {"coordinator", "organiser"},
}


@pytest.mark.parametrize("name", MAY)
def test_a_role_held_everywhere_opens_these_doors_and_no_others(name: str) -> None:
    allowed = getattr(policy, name)
    opened = {role for role in policy.GLOBAL_ROLES if allowed(User(grants=[Grant(role=role)]))}
    assert opened == MAY[name]
    assert not allowed(User(grants=[]))


def test_every_such_door_is_in_the_table() -> None:
    on_a_case = {"may_propose", "may_adopt"}  # any officer of an agency
    of_one = {
        name
        for name, rule in vars(policy).items()
        if name.startswith("may_") and list(rule.__annotations__) == ["user", "return"]
    }
    assert of_one - on_a_case == set(MAY)


def test_access_ends_at_its_moment_and_with_the_account() -> None:
    second = timedelta(seconds=1)
    guest = User(active=True, expires_at=MONDAY)
    assert policy.is_active(guest, MONDAY - second)
    assert not policy.is_active(guest, MONDAY)
    assert policy.is_active(User(active=True, expires_at=None), MONDAY)
    assert not policy.is_active(User(active=False, expires_at=None), MONDAY)
