"""On Render and Railway: the port they say, every address, and the host names they pass on."""

import re
from pathlib import Path

import pytest

from edgerunner.routes.context import Access
from edgerunner.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[3]
KEY = "kT9-wQ2_zXv7Lm4Rp1Yb8Nd6Hc3Jf5Gs"
IMAGE = dict(re.findall(r"(EDGERUNNER_\w+)=(\S+)", (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]))


@pytest.fixture(autouse=True)
def container(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment of our image, in a folder without a file of settings."""
    for name in (*(f"EDGERUNNER_{field.upper()}" for field in Settings.model_fields), "PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**IMAGE, "EDGERUNNER_API_KEY": KEY, "EDGERUNNER_DATA_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


def test_the_image_listens_on_every_address_and_on_port_8000_when_nobody_says_another() -> None:
    assert (load_settings().host, load_settings().port) == ("0.0.0.0", 8000)  # noqa: S104 - inside a container


def test_render_says_its_port_and_its_host_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "10000")
    monkeypatch.setenv("RENDER_EXTERNAL_HOSTNAME", "edgerunner-x1.onrender.com")
    settings = load_settings()
    assert (settings.host, settings.port) == ("0.0.0.0", 10000)  # noqa: S104 - nothing is bound
    assert "edgerunner-x1.onrender.com" in Access.of(settings).allowed_hosts


def test_railway_says_its_port_and_asks_for_health_under_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "6543")
    monkeypatch.setenv("RAILWAY_SERVICE_ID", "0b1c")
    monkeypatch.setenv("RAILWAY_PUBLIC_DOMAIN", "edgerunner.up.railway.app")
    monkeypatch.setenv("EDGERUNNER_ALLOWED_HOSTS", "desk.example.org")
    settings = load_settings()
    assert (settings.host, settings.port) == ("0.0.0.0", 6543)  # noqa: S104 - nothing is bound
    wanted = {"desk.example.org", "edgerunner.up.railway.app", "healthcheck.railway.app"}
    assert wanted <= set(Access.of(settings).allowed_hosts)


def test_our_own_port_beats_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "10000")
    monkeypatch.setenv("EDGERUNNER_PORT", "9001")
    assert load_settings().port == 9001


def test_elsewhere_no_foreign_name_is_answered_to() -> None:
    allowed = Access.of(load_settings()).allowed_hosts
    assert not [host for host in allowed if host.endswith((".app", ".com"))]
