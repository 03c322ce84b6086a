"""Settings: defaults, sources, sentences for wrong values, the data folder and the API key."""

import stat
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from edgerunner.settings import (
    DataFolderError,
    Settings,
    SettingsError,
    ensure_api_key,
    load_settings,
    prepare_data_folder,
    read_api_key,
    weakness_of,
)

STRONG_KEY = "kT9-wQ2_zXv7Lm4Rp1Yb8Nd6Hc3Jf5Gs"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"EDGERUNNER_{name.upper()}", raising=False)
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults_are_those_of_the_contract() -> None:
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.sim_control_port, settings.sim_bybit_port) == (8100, 8101)
    assert (settings.sim_ibkr_port, settings.sim_mt5_port) == (8102, 8103)
    assert not settings.allow_live
    assert settings.sim_connect
    assert settings.base_currency == "USD"
    assert settings.data_dir.is_absolute()


def test_the_plain_port_counts_only_without_our_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORT", "9001")
    assert load_settings().port == 9001
    (tmp_path / ".env").write_text("EDGERUNNER_PORT=9002\n")
    assert load_settings().port == 9002
    monkeypatch.setenv("EDGERUNNER_PORT", "9003")
    assert load_settings().port == 9003
    assert load_settings(port=0).port == 0


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGERUNNER_PORT", "")
    monkeypatch.setenv("EDGERUNNER_API_KEY", "")
    settings = load_settings()
    assert settings.port == 8000
    assert settings.api_key is None


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGERUNNER_CORS_ORIGINS", "http://a.example, http://b.example,")
    assert load_settings().cors_origins == ("http://a.example", "http://b.example")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("EDGERUNNER_PORT", "eighty", "whole number from 0 to 65535"),
        ("EDGERUNNER_SIM_BYBIT_PORT", "70000", "whole number from 0 to 65535"),
        ("PORT", "x", "whole number from 0 to 65535"),
        ("EDGERUNNER_ALLOW_LIVE", "perhaps", "true or false"),
        ("EDGERUNNER_SIM_SPEED", "nan", "above 0"),
        ("EDGERUNNER_SIM_SPEED", "0", "above 0"),
        ("EDGERUNNER_SIM_SEED", "-1", "whole number from 0"),
        ("EDGERUNNER_LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("EDGERUNNER_BASE_CURRENCY", "dollars", "USD"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_variable_and_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    sentence = str(caught.value)
    assert sentence.startswith(f"{name} is {value!r}")
    assert words in sentence
    assert "\n" not in sentence


def test_every_wrong_value_has_its_own_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGERUNNER_PORT", "a")
    monkeypatch.setenv("EDGERUNNER_SIM_SEED", "b")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    "key",
    [
        "short",
        "a" * 40,
        "0123456789abcdef" * 2,
        "changeme-changeme-changeme-12345678",
        "with a blank in it 1234567890123456",
    ],
)
def test_a_key_that_can_be_guessed_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("EDGERUNNER_API_KEY", key)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith("EDGERUNNER_API_KEY is not usable")
    assert key not in str(caught.value)


def test_the_first_start_makes_a_private_key_and_later_starts_keep_it(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "new" / "folder")
    prepare_data_folder(settings)
    key = ensure_api_key(settings).get_secret_value()
    assert weakness_of(key) is None
    assert len(key) >= 43  # 32 bytes in base 64
    assert ensure_api_key(settings).get_secret_value() == key
    assert read_api_key(settings).get_secret_value() == key
    assert sorted(path.name for path in settings.data_dir.iterdir()) == ["api_key"]
    if sys.platform != "win32":
        assert stat.S_IMODE(settings.api_key_file.stat().st_mode) == 0o600


def test_the_key_of_the_environment_wins_and_is_not_written(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, api_key=STRONG_KEY)
    assert ensure_api_key(settings).get_secret_value() == STRONG_KEY
    assert not settings.api_key_file.exists()
    assert STRONG_KEY not in repr(settings)


def test_a_weak_kept_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "api_key").write_text("1234\n")
    with pytest.raises(DataFolderError, match="delete the file"):
        ensure_api_key(load_settings(data_dir=tmp_path))


def test_reading_never_makes_a_key(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="edgerunner up"):
        read_api_key(load_settings(data_dir=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(DataFolderError, match=r"cannot be written .* EDGERUNNER_DATA_DIR"):
        prepare_data_folder(load_settings(data_dir=file / "folder"))


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("192.168.1.5", False)],  # noqa: S104
)
def test_loopback_is_told_from_the_world(host: str, is_loopback: bool) -> None:
    assert load_settings(host=host).is_loopback is is_loopback


def test_secrets_may_lie_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "api key"
    file.write_text(f"{STRONG_KEY}\n")
    monkeypatch.setenv("EDGERUNNER_API_KEY_FILE", str(file))
    key = load_settings(data_dir=tmp_path).api_key
    assert key is not None
    assert key.get_secret_value() == STRONG_KEY


def test_a_secret_of_the_environment_wins_over_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "url"
    file.write_text("redis://from-the-file")
    monkeypatch.setenv("EDGERUNNER_REDIS_URL_FILE", str(file))
    assert load_settings(redis_url="redis://given").redis_url == SecretStr("redis://given")
    assert load_settings().redis_url == SecretStr("redis://from-the-file")


def test_a_missing_secret_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGERUNNER_DATABASE_URL_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match=r"EDGERUNNER_DATABASE_URL_FILE is .*nowhere.*cannot be read"):
        load_settings()


def test_a_weak_key_in_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("hunter2")
    monkeypatch.setenv("EDGERUNNER_API_KEY_FILE", str(file))
    with pytest.raises(SettingsError, match="EDGERUNNER_API_KEY is not usable") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)
