"""What logs people in: read from a file and the environment, and never told."""

from pathlib import Path

import pytest

from gosales.pages.server import public_url_of, read_login
from gosales_resources.errors import SettingsError

SECRET = "s3cret" * 8
WHOLE = {
    "redirect_uri": "https://sales.example.com/oauth2callback", "cookie_secret": SECRET,
    "client_id": "pages", "client_secret": "hush-hush",
    "server_metadata_url": "https://id.example.com/.well-known/openid-configuration",
}  # fmt: skip


def written(folder: Path, auth: dict[str, str]) -> Path:
    file = folder / "login.toml"
    file.write_text("[auth]\n" + "".join(f'{k} = "{v}"\n' for k, v in auth.items()))
    return file


def test_a_whole_file_is_read(tmp_path):
    assert read_login(written(tmp_path, WHOLE)) == WHOLE
    assert public_url_of(WHOLE) == "https://sales.example.com"


def test_secrets_may_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PAGES_CLIENT_SECRET", "hush-hush")
    monkeypatch.setenv("PAGES_COOKIE_SECRET", SECRET)
    names = {n: v for n, v in WHOLE.items() if "secret" not in n}
    assert read_login(written(tmp_path, names)) == WHOLE


@pytest.mark.parametrize(
    ("change", "says"),
    [({"client_secret": ""}, "lacks client_secret"), ({"cookie_secret": "short"}, "fewer than 32"),
     ({"redirect_uri": "https://sales.example.com/elsewhere"}, "/oauth2callback"),
     ({"redirect_uri": "sales.example.com/oauth2callback"}, "/oauth2callback")],
)  # fmt: skip
def test_what_is_wrong_with_it_is_told_without_a_secret(tmp_path, change, says):
    with pytest.raises(SettingsError) as told:
        read_login(written(tmp_path, WHOLE | change))
    assert says in str(told.value)
    assert not any(secret in str(told.value) for secret in (SECRET, "hush", "short"))


@pytest.mark.parametrize("text", ["[auth\ncookie_secret = 's3cret'", "auth = 's3cret'", ""])
def test_a_file_that_is_no_login_is_told_without_what_it_holds(tmp_path, text):
    file = tmp_path / "login.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as told:
        read_login(file)
    assert "s3cret" not in str(told.value)
