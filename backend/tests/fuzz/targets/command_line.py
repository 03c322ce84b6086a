"""Settings and what is typed at the command line."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.bybit.options import parse_credentials, parse_options
from edgerunner.cli.backtest_inputs import _limit, _number, _time, split_parameter, typed_value
from edgerunner.domain.errors import InvalidRequest
from edgerunner.mt5_bridge.remote.options import BridgeOptions
from edgerunner.settings import PREFIX, Settings, SettingsError, load_settings, weakness_of
from edgerunner.strategies.shipped.sma_cross import SmaCross
from tests.fuzz.damage import damaged_bytes, hostile_scalars, hostile_texts
from tests.fuzz.declared import decoded, require, require_printable
from tests.fuzz.target import Check, Target, pure

ENVIRONMENT = b"EDGERUNNER_PORT=8000\nEDGERUNNER_CORS_ORIGINS=https://a.example\nEDGERUNNER_LOG_LEVEL=debug\nPORT=1\n"
_NAMES = sorted(PREFIX + name.upper() for name in Settings.model_fields if name != "data_dir")


@contextmanager
def _settings() -> Iterator[Check]:
    """Settings come from the environment and ``.env`` of the folder that the program is started in."""
    before, kept = Path.cwd(), dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:

        def check(given: tuple[dict[str, str], bytes]) -> None:
            variables, file = given
            Path(".env").write_bytes(file)
            for name in _NAMES:
                os.environ.pop(name, None)
            os.environ.update({name: text for name, text in variables.items() if "\0" not in text})
            settings = decoded(load_settings, error=SettingsError)
            require(settings is None or isinstance(settings, Settings), "no settings")

        os.chdir(folder)
        try:
            yield check
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(kept)


def _typed(text: str) -> None:
    specs = SmaCross.parameter_specs()
    require_printable(decoded(_number, "--cash", text, error=InvalidRequest))
    decoded(_time, "--start", text, error=InvalidRequest)
    decoded(_limit, text, error=InvalidRequest)
    for spec in specs:
        decoded(split_parameter, f"{spec.name}={text}", specs, error=InvalidRequest)
        decoded(typed_value, spec, text, error=InvalidRequest)
    weakness_of(text)


def _options(given: tuple[dict[str, object], dict[str, str]]) -> None:
    options, words = given
    for environment in Environment:
        decoded(parse_options, environment, options, error=InvalidRequest)
    decoded(parse_credentials, words, error=InvalidRequest)
    decoded(
        BridgeOptions.from_environment, {f"EDGERUNNER_MT5_BRIDGE_{name}": text for name, text in words.items()},
        error=(ValueError, OSError),
    )  # fmt: skip


_option_names = st.sampled_from(
    ("base_url", "recv_window_ms", "request_timeout_s", "websocket", "account_id", "heartbeat_s", "trigger_by", "x")
)
_words = st.dictionaries(
    st.sampled_from(("api_key", "api_secret", "private_key", "URL", "TOKEN", "TIMEOUT_S", "CA_FILE")), hostile_texts,
    max_size=3,
)  # fmt: skip
_environment_texts = hostile_texts.filter(lambda text: text.isprintable())

TARGETS: tuple[Target, ...] = (
    Target(
        name="settings",
        decoder="settings: the environment and .env",
        inputs=st.tuples(
            st.dictionaries(st.sampled_from(_NAMES), _environment_texts, max_size=3), damaged_bytes([ENVIRONMENT])
        ),
        opened=_settings,
    ),
    pure("typed_inputs", "cli.backtest_inputs: what is typed for a backtest", hostile_texts, _typed),
    pure(
        "connection_options",
        "adapters.bybit.options, mt5_bridge.remote.options: options and credentials",
        st.tuples(st.dictionaries(_option_names, hostile_scalars, max_size=3), _words),
        _options,
    ),
)
