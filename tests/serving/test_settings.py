"""Settings of the server: from the environment and the command line, checked once."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from recontact_data.errors import RecontactError
from recontact_serving.settings import load_settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "MODEL", "MAX_TEXTS", "MAX_CHARACTERS", "MAX_BODY_BYTES"):
        monkeypatch.delenv(f"RECONTACT_{name}", raising=False)


def test_by_default_only_this_machine_is_listened_to() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 8000, None)


def test_the_environment_sets_each_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONTACT_PORT", "9001")
    monkeypatch.setenv("RECONTACT_MODEL", "my-model")
    monkeypatch.setenv("RECONTACT_MAX_TEXTS", "7")
    settings = load_settings()
    assert (settings.port, settings.model, settings.max_texts) == (9001, Path("my-model"), 7)


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONTACT_PORT", "9001")
    assert load_settings(port=9002).port == 9002


@pytest.mark.parametrize(
    ("name", "value"), [("port", 0), ("port", 65536), ("port", "http"), ("max_texts", 0), ("max_body_bytes", -1)]
)
def test_a_wrong_setting_is_one_line_with_its_name_and_value(name: str, value: Any) -> None:
    with pytest.raises(RecontactError, match=f"RECONTACT_{name.upper()}.*{value}") as refusal:
        load_settings(**{name: value})
    assert "\n" not in str(refusal.value)


def test_a_wrong_setting_in_the_environment_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONTACT_PORT", "eighty")
    with pytest.raises(RecontactError, match=r"RECONTACT_PORT.*'eighty'"):
        load_settings()


def test_a_list_that_is_none_is_one_line_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONTACT_CORS_ORIGINS", "https://crm.example")
    with pytest.raises(RecontactError, match="RECONTACT_CORS_ORIGINS is no list") as refusal:
        load_settings()
    assert "\n" not in str(refusal.value)


def test_a_wrong_place_in_a_list_is_named_by_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONTACT_ALLOWED_HOSTS", "[1]")
    with pytest.raises(RecontactError, match="setting RECONTACT_ALLOWED_HOSTS: "):
        load_settings()


def test_a_variable_that_sets_nothing_is_told_with_the_nearest_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RECONTACT_MAX_TEXT", "5")
    monkeypatch.setenv("RECONTACT_SERVICE_HOST", "10.0.0.1")  # as Kubernetes sets them
    monkeypatch.setenv("RECONTACT_PORT_8000_TCP", "tcp://10.0.0.1:8000")
    load_settings()
    assert caplog.messages == ["RECONTACT_MAX_TEXT is no setting; meant RECONTACT_MAX_TEXTS?"]


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().port = 9003  # type: ignore[misc]
