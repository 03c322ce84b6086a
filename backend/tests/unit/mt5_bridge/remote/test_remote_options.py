"""Where the bridge is, and that nobody else reads the token."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edgerunner.mt5_bridge.remote import BridgeOptions, RemoteModule, connect
from tests.unit.mt5_bridge.remote.fake_bridge import TOKEN, FakeBridge, running

IMPORTS = "from edgerunner.mt5_bridge.remote import connect; connect('http://127.0.0.1:9').initialize()"
INTERPRETER = {"__main__", "sitecustomize", "usercustomize", "_virtualenv", "_distutils_hack"}


def test_the_environment_says_where_the_bridge_is(tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(f"{TOKEN}\n")
    options = BridgeOptions.from_environment(
        {
            "EDGERUNNER_MT5_BRIDGE_URL": "https://desk:8103",
            "EDGERUNNER_MT5_BRIDGE_TOKEN_FILE": str(token_file),
            "EDGERUNNER_MT5_BRIDGE_DROP_PASSWORDS": "1",
            "EDGERUNNER_MT5_BRIDGE_TIMEOUT_S": "9",
        }
    )
    assert options == BridgeOptions(url="https://desk:8103", token=TOKEN, drop_passwords=True, timeout_s=9)
    assert TOKEN not in repr(options)


def test_without_an_environment_it_is_the_bridge_of_this_machine() -> None:
    assert BridgeOptions.from_environment({}) == BridgeOptions()


def test_another_bridge_never_gets_the_environments_token(
    bridge: FakeBridge, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGERUNNER_MT5_BRIDGE_TOKEN", TOKEN)
    stranger = connect(address)
    assert stranger.initialize()
    monkeypatch.setenv("EDGERUNNER_MT5_BRIDGE_URL", address)
    own = connect(address)
    assert own.initialize()
    assert [asked.headers["Authorization"].strip() for asked in bridge.asked] == ["Bearer", f"Bearer {TOKEN}"]
    stranger.shutdown()
    own.shutdown()


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1", "127.0.0.1:8103", "http://", "http://user@127.0.0.1", "http://127.0.0.1/path"]
)
def test_what_is_no_address_of_a_bridge_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not the address of a bridge"):
        connect(url, token=TOKEN)


def test_a_token_never_crosses_a_network_in_clear_text() -> None:
    with pytest.raises(ValueError, match="use https"):
        connect("http://192.0.2.1:8103", token=TOKEN)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bridge")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "bridge.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_address(bridge: FakeBridge, certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with running(bridge, context) as address:
        yield address


def test_a_certificate_that_is_named_is_believed(bridge: FakeBridge, tls_address: str, certificate: Path) -> None:
    module = connect(f"https://{tls_address}", token=TOKEN, ca_file=certificate, timeout_s=5)
    assert module.initialize(), module.last_error()
    assert bridge.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    module.shutdown()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_stranger_with_a_certificate_of_his_own_gets_no_token(bridge: FakeBridge, tls_address: str) -> None:
    module = connect(f"https://{tls_address}", token=TOKEN, timeout_s=5)
    assert module.initialize() is False
    assert module.last_error() == (-10004, "No IPC connection")
    assert bridge.asked == []


def test_a_name_that_the_certificate_does_not_have_gets_no_token(
    bridge: FakeBridge, tls_address: str, certificate: Path
) -> None:
    url = f"https://{tls_address}".replace("127.0.0.1", "localhost")
    module = connect(url, token=TOKEN, ca_file=certificate, timeout_s=5)
    assert module.initialize() is False
    assert bridge.asked == []


def test_one_import_makes_it_the_module_that_programs_import(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGERUNNER_MT5_BRIDGE_URL", address)
    monkeypatch.delitem(sys.modules, "MetaTrader5", raising=False)
    monkeypatch.delitem(sys.modules, "edgerunner.mt5_bridge.remote.as_metatrader5", raising=False)
    import_module("edgerunner.mt5_bridge.remote.as_metatrader5")
    assert isinstance(import_module("MetaTrader5"), RemoteModule)
    monkeypatch.delitem(sys.modules, "MetaTrader5")


def test_a_client_needs_nothing_but_numpy() -> None:
    seen = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; {IMPORTS}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))",
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    theirs = set(seen.stdout.split()) - sys.stdlib_module_names - INTERPRETER
    assert theirs == {"edgerunner", "numpy"}
