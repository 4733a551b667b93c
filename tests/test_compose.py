"""docker-compose.yml, read without Docker: what it names exists, and nothing is left open."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from web.cli import main
from workers.config import QUEUES
from workflow.settings import Settings

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
PUBLISHED = {"web": 8000, "mail": 8025}

every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
every_service_of_ours = pytest.mark.parametrize("service", OURS.values(), ids=OURS)


def words(service: dict[str, Any]) -> list[str]:
    return shlex.split(service["command"])


def test_all_parts_of_the_distributed_profile_are_there() -> None:
    assert set(OURS) == {"web", "worker", "beat", "migrate"}
    assert set(SERVICES) == {*OURS, "postgres", "redis", "mail", "clamav"}


@every_service
def test_an_image_is_pinned(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[\w/.-]+:v?\d[\w.-]*", service["image"])


@pytest.mark.parametrize("line", re.findall(r"^FROM .*", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
def test_a_base_image_is_pinned(line: str) -> None:
    assert re.fullmatch(r"FROM \w+:\d[\w.-]+( AS \w+)?", line)


@every_service
def test_a_service_has_no_more_rights_than_it_needs(service: dict[str, Any]) -> None:
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert str(service["user"]).split(":")[0] not in {"root", "0"}


@every_service
def test_a_service_can_be_scaled(service: dict[str, Any]) -> None:
    assert "container_name" not in service


@every_service
def test_a_service_that_stays_is_watched_and_restarted(service: dict[str, Any]) -> None:
    stays = service["restart"] == "unless-stopped"

    assert stays == ("healthcheck" in service)
    assert stays or service["restart"] == "no"


@every_service_of_ours
def test_a_variable_is_a_setting(service: dict[str, Any]) -> None:
    assert set(service["environment"]) <= set(Settings.variables())


def test_a_secret_must_be_given() -> None:
    assert OURS["web"]["environment"]["SECRET_KEY"].startswith("${SECRET_KEY:?")


@every_service_of_ours
def test_a_command_starts_something_that_exists(service: dict[str, Any]) -> None:
    program, *arguments = words(service)

    if program == "loncatan":
        assert command_exists(arguments)
    else:
        entry = arguments[1] if program == "celery" else arguments[-1]
        module, _, name = entry.partition(":")
        spec = find_spec(module)
        assert spec
        assert spec.origin
        assert re.search(rf"\b{name or 'app'}\b", Path(spec.origin).read_text())


def command_exists(path: list[str]) -> bool:
    command: click.Command | None = main
    context = click.Context(main)
    for name in path:
        command = command.get_command(context, name) if isinstance(command, click.Group) else None
    return command is not None


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_doctor_who_watches_exists(name: str) -> None:
    _, program, *arguments = OURS[name]["healthcheck"]["test"]

    assert program == "loncatan"
    assert command_exists(arguments)


def test_the_worker_serves_every_queue() -> None:
    queues = words(OURS["worker"])[words(OURS["worker"]).index("-Q") + 1].split(",")

    assert set(queues) == set(QUEUES)


def test_only_the_pages_and_the_mail_catcher_are_published() -> None:
    published = {
        name: int(port.rsplit(":", 1)[1])
        for name, service in SERVICES.items()
        for port in service.get("ports", [])
    }

    assert published == PUBLISHED
    assert f"0.0.0.0:{PUBLISHED['web']}" in words(OURS["web"])
    assert OURS["web"]["environment"]["PORT"] == str(PUBLISHED["web"])
