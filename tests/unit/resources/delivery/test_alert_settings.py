"""Settings of alerts: what is refused, that they are off, and that they change no number."""

import pytest
from pydantic import ValidationError

from gosales_resources.settings.alerts import AlertSettings
from gosales_resources.settings.loading import load_settings
from tests.worlds.erp import random_rows, write_world


def test_they_are_off_and_change_no_number(tmp_path):
    settings = write_world(tmp_path, random_rows(1))
    assert not settings.alerts.enabled
    told = load_settings(settings.config_file, {"alerts": {"enabled": True, "shown": 3}})
    assert told.content_hash() == settings.content_hash()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sinks": {"a": {"kind": "apprise"}}}, "url_variable: of kind apprise"),
        ({"sinks": {"a": {"kind": "file", "url_variable": "X"}}}, "url_variable: of kind apprise"),
        ({"sinks": {"a": {"kind": "stdout", "folder": "x"}}}, "folder: of kind file alone"),
        ({"sinks": {"a": {"kind": "apprise", "url_variable": "GOSALES_X"}}}, "name another"),
        ({"sinks": {"a": {"kind": "apprise", "url_variable": "slack://t"}}}, "pattern"),
        ({"routes": [{"sink": "fil"}]}, "Did you mean 'file'"),
        ({"ui_url": "https://user:secret@ui"}, "pattern"),
        ({"ui_url": "javascript:alert(1)"}, "pattern"),
        ({"digest_hour": 24}, "less than or equal to 23"),
        ({"cooldown_hours": -1}, "greater than or equal to 0"),
        ({"retry_seconds": 0}, "greater than 0"),
        ({"sink": {}}, "Extra inputs"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_work_is_refused(wrong, said):
    with pytest.raises(ValidationError, match=said):
        AlertSettings.model_validate(wrong)
