"""Settings: environment variables with the prefix ``EDGERUNNER_``, or the same lines in ``.env``."""

import ipaddress
import json
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX: Final = "EDGERUNNER_"
MINIMUM_KEY_LENGTH: Final = 32

Port = Annotated[int, Field(ge=0, le=65535)]
Words = Annotated[tuple[str, ...], NoDecode]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["text", "json"]


class SettingsError(Exception):
    """A setting is wrong; the message is one sentence per wrong setting, with the remedy."""


class DataFolderError(Exception):
    """The data folder, or a file in it, cannot be used; the message says what to do."""


def _built_screen() -> Path | None:
    """Return where a checkout builds the screen, if it did."""
    folder = Path(__file__).resolve().parents[2] / "frontend" / "dist"
    return folder if folder.is_dir() else None


class _PlainPort(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    port: Port = 8000


class _Platform(BaseSettings):
    """What Render and Railway set in every container of theirs."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    render_external_hostname: str | None = None
    railway_public_domain: str | None = None
    railway_service_id: str | None = None


def _platform_hosts() -> tuple[str, ...]:
    """Return the names under which the platform that runs us passes requests on, its health checks included.

    https://render.com/docs/environment-variables, https://docs.railway.com/deployments/healthchecks
    """
    told = _Platform()
    health = "healthcheck.railway.app" if told.railway_service_id else None
    return tuple(host for host in (told.render_external_hostname, told.railway_public_domain, health) if host)


class _SecretFiles(BaseSettings):
    """Secrets in files, as containers get them: ``EDGERUNNER_API_KEY_FILE`` names the file of the API key."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore")

    api_key_file: Path | None = None
    database_url_file: Path | None = None
    redis_url_file: Path | None = None
    ea_link_token_file: Path | None = None

    @classmethod
    def contents(cls) -> dict[str, Any]:
        """Return the secrets by their setting, white space around them cut. Raises ``SettingsError``."""
        named = {name: path for name, path in cls() if path is not None}
        return {name.removesuffix("_file"): _content(name, path) for name, path in named.items()}


class _SecretFileSource(PydanticBaseSettingsSource):
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic's
        """Return nothing: all fields are read at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the secrets that lie in files."""
        return _SecretFiles.contents()


def _content(name: str, path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(
            f"{PREFIX}{name.upper()} is {str(path)!r}, which cannot be read ({reason}): "
            "name a file that holds the secret."
        ) from error


def _origins(words: tuple[str, ...], *, schemes: str) -> tuple[str, ...]:
    """Return exact origins as browsers write them (RFC 6454); ``*`` and ``null`` stand for anybody and are refused."""
    for word in words:
        if not re.fullmatch(rf"({schemes})://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{{1,5}})?", word):
            raise ValueError(f"{word} is no origin")
    return words


class Mt5Terminal(BaseModel):
    """A MetaTrader 5 terminal of our own in which Expert Advisors may be started: see docs/brokers/mt5-experts.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path
    environment: Literal["simulated", "demo", "live"] = "demo"
    login: int | None = None
    launcher: tuple[str, ...] = ()
    ini_encoding: Literal["ascii", "utf-16"] = "ascii"


class Settings(BaseSettings):
    """All settings, checked; read once by ``load_settings`` and passed on as a value.

    Attributes:
        port: 0 = any free one, here and for the simulators' ports.
        api_key: The key of the environment; None = the one kept in the data folder.
        master_key: Keys for stored secrets, the encrypting one first, apart by a comma; None = they lie elsewhere.
        master_key_file: Key file for stored secrets; None = ``master.key`` in the data folder.
        master_key_source: ``keyring`` = the operating system keeps the key instead of a file.
        owner_url: Set = this process is a replica of the one that answers there, over the same data folder.
        cors_origins: Origins of foreign pages that may call the API, without a path.
        screen_connect: Origins that the screen may call besides the server that it comes from.
        connections_per_address: Most open connections of one address other than loopback; 0 = no limit.
        allowed_hosts: Host names the API answers to besides its own address.
        platform_hosts: The same, as Render or Railway tell them by variables of their own.
        rate_limit_factor: Multiplies every rate limit of the API; 0 = no limits.
        trusted_proxies: Addresses or networks of reverse proxies whose ``X-Forwarded-For`` is believed.
        sim_seed: Seed of the simulated market; None = the one it started with, at first 1.
        sim_speed: Virtual seconds per second of the simulators' clock.
        sim_connect: Make the simulated connections by itself on ``up``.
        mt5_terminals: Terminals that Expert Advisors may be started in, by name.
        ea_link_port: Where Expert Advisors connect, on loopback; 0 = any free port, told to those we launch.
        ea_link_token: Admits Expert Advisors attached by hand; None = launched ones alone.
        screen_dir: Folder of the built screen; None = none, and ``/app/`` says how to go on without.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = Field(default="127.0.0.1", min_length=1)
    port: Port = Field(default_factory=lambda: _PlainPort().port)
    api_key: SecretStr | None = None
    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("edgerunner", appauthor=False))
    master_key: SecretStr | None = None
    master_key_file: Path | None = None
    master_key_source: Literal["file", "keyring"] = "file"
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    owner_url: str | None = Field(default=None, pattern=r"^https?://[^/?#\s]+/?$")
    allow_live: bool = False
    base_currency: str = Field(default="USD", pattern=r"^[A-Z0-9]{2,10}$")
    cors_origins: Words = ()
    screen_connect: Words = ()
    connections_per_address: int = Field(default=500, ge=0)
    rate_limit_factor: float = Field(default=1.0, ge=0, le=1_000, allow_inf_nan=False)
    allowed_hosts: Words = ()
    platform_hosts: Words = Field(default_factory=_platform_hosts)
    trusted_proxies: Words = ()
    log_level: LogLevel = "info"
    log_format: LogFormat = "text"
    sim_control_port: Port = 8100
    sim_bybit_port: Port = 8101
    sim_ibkr_port: Port = 8102
    sim_mt5_port: Port = 8103
    sim_mt5_terminal_port: Port = 8104
    sim_seed: int | None = Field(default=None, ge=0, le=2**63 - 1)
    sim_speed: float = Field(default=1.0, gt=0, le=10_000, allow_inf_nan=False)
    sim_connect: bool = True
    mt5_terminals: Annotated[dict[str, Mt5Terminal], NoDecode] = Field(default_factory=dict)
    ea_link_port: Port = 0
    ea_link_token: SecretStr | None = Field(default=None, min_length=MINIMUM_KEY_LENGTH)
    screen_dir: Path | None = Field(default_factory=_built_screen)

    @classmethod
    def settings_customise_sources(  # type: ignore[override] # pydantic-settings passes every source by its name
        cls,
        settings_cls: type[BaseSettings],
        **sources: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put secrets that a ``..._FILE`` variable names behind those that stand in the environment itself."""
        return (
            sources["init_settings"],
            sources["env_settings"],
            sources["dotenv_settings"],
            _SecretFileSource(settings_cls),
        )

    @field_validator(
        *("cors_origins", "screen_connect", "allowed_hosts", "platform_hosts", "trusted_proxies"), mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word for word in (part.strip() for part in value.split(",")) if word)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _pages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _origins(value, schemes="https?")

    @field_validator("screen_connect")
    @classmethod
    def _callable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _origins(value, schemes="https?|wss?")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            ipaddress.ip_network(text)
        return value

    @field_validator("mt5_terminals", mode="before")
    @classmethod
    def _parse(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("data_dir", "master_key_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value is not None else None

    @field_validator("api_key")
    @classmethod
    def _strong(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (weakness := weakness_of(value.get_secret_value())):
            raise ValueError(weakness)
        return value

    @property
    def api_key_file(self) -> Path:
        """Return where the key of the first start is kept."""
        return self.data_dir / "api_key"

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this machine can reach the API."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"


_REMEDIES: Final = {
    "host": "set it to an address of this machine such as 127.0.0.1",
    "api_key": "set it to at least 32 random characters, or leave it out and a key is made",
    "data_dir": "set it to a folder",
    "owner_url": "set it to the address of the process that owns the brokers, such as http://127.0.0.1:8000",
    "master_key": "set it to a Fernet key; `edgerunner secrets new-key` makes one",
    "master_key_file": "set it to the path of a file",
    "master_key_source": "set it to file or keyring",
    "allow_live": "set it to true or false",
    "sim_connect": "set it to true or false",
    "base_currency": "set it to a currency code in capitals such as USD",
    "log_level": "set it to debug, info, warning or error",
    "log_format": "set it to text or json",
    "sim_seed": "set it to a whole number from 0",
    "trusted_proxies": "set it to addresses or networks such as 127.0.0.1, 10.0.0.0/8",
    "cors_origins": "set it to origins such as https://desk.example, in small letters, without a path",
    "rate_limit_factor": "set it to a number from 0 (no limits) to 1000",
    "connections_per_address": "set it to a whole number from 0 (0 = no limit)",
    "screen_connect": "set it to origins such as https://api.example, wss://api.example",
    "mt5_terminals": 'set it to JSON such as {"lab": {"folder": "C:/MT5/lab", "environment": "demo"}}',
    "ea_link_token": "set it to at least 32 random characters, or leave it out",
    "sim_speed": "set it to a number above 0 and up to 10000",
    "port": "set it to a whole number from 0 to 65535 (0 = any free port)",
}
_UNSPOKEN: Final = frozenset({"api_key", "master_key", "database_url", "redis_url", "ea_link_token"})


def load_settings(**overrides: object) -> Settings:
    """Read the settings; ``overrides`` (a command's options) win over the environment, None = not given.

    Raises ``SettingsError``.
    """
    try:
        given: dict[str, Any] = {name: value for name, value in overrides.items() if value is not None}
        return Settings(**given)
    except ValidationError as error:
        prefix = "" if error.title == _PlainPort.__name__ else PREFIX
        raise SettingsError("\n".join(_sentence(prefix, problem) for problem in error.errors())) from None
    except UnicodeDecodeError as error:
        raise SettingsError("The file .env is no UTF-8 text: save it as UTF-8.") from error


def _sentence(prefix: str, problem: ErrorDetails) -> str:
    name = str(problem["loc"][0])
    remedy = _REMEDIES.get(name) or _REMEDIES["port"]
    shown = "is not usable" if name in _UNSPOKEN else f"is {str(problem['input'])!r}"
    reason = f" ({problem['ctx']['error']})" if problem["type"] == "value_error" else ""
    return f"{prefix}{name.upper()} {shown}{reason}: {remedy}."


_WELL_KNOWN: Final = ("changeme", "change-me", "change_me", "example", "password", "secret", "your-api", "your_api")


def weakness_of(key: str) -> str | None:
    """Say why an API key could be guessed; None = it looks random enough."""
    if len(key) < MINIMUM_KEY_LENGTH:
        return f"it has fewer than {MINIMUM_KEY_LENGTH} characters"
    if not (key.isascii() and key.isprintable() and " " not in key):
        return "it holds characters that do not fit into an HTTP header"
    is_repetition = key in (key + key)[1:-1]
    if is_repetition or len(set(key)) < 8 or any(word in key.lower() for word in _WELL_KNOWN):
        return "it is a pattern or a well-known word"
    return None


def prepare_data_folder(settings: Settings) -> None:
    """Make the data folder (mode 0700) and prove that it can be written.

    Raises ``DataFolderError``.
    """
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DataFolderError(
            f"The data folder {folder} cannot be written ({error.strerror}): give this user write access to it, "
            f"or set {PREFIX}DATA_DIR to another folder."
        ) from error


def ensure_api_key(settings: Settings) -> SecretStr:
    """Return the API key: of the settings, else the kept one, else a new one (32 random bytes, mode 0600).

    Raises ``DataFolderError`` when the file cannot be read or made, or holds a weak key.
    """
    if settings.api_key is not None:
        return settings.api_key
    try:
        _create_private(settings.api_key_file, secrets.token_urlsafe(32))
    except FileExistsError:
        return read_api_key(settings)
    except OSError as error:
        raise DataFolderError(_key_file_sentence(settings, "made", error)) from error
    return read_api_key(settings)


def read_api_key(settings: Settings) -> SecretStr:
    """Return the API key without making one. Raises ``DataFolderError``."""
    if settings.api_key is not None:
        return settings.api_key
    try:
        key = settings.api_key_file.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        raise DataFolderError(
            f"There is no API key in {settings.api_key_file}: start `edgerunner up` once, "
            f"or set {PREFIX}API_KEY or {PREFIX}DATA_DIR to those of the running Edgerunner."
        ) from None
    except OSError as error:
        raise DataFolderError(_key_file_sentence(settings, "read", error)) from error
    if weakness := weakness_of(key):
        raise DataFolderError(
            f"The API key in {settings.api_key_file} is refused ({weakness}): delete the file and a new one is made."
        )
    return SecretStr(key)


def _key_file_sentence(settings: Settings, verb: str, error: OSError) -> str:
    return (
        f"The API key file {settings.api_key_file} cannot be {verb} ({error.strerror}): "
        f"give this user access to it, or set {PREFIX}API_KEY."
    )


def _create_private(path: Path, content: str) -> None:
    """Create a file whose first appearance is complete and readable by its owner alone."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(content + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
