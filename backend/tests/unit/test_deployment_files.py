"""Every file that deploys the product is checked, and every check goes red on a mistake."""

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # comes with yamllint; only lists and mappings are read

from edgerunner.routes.screen import content_policy
from edgerunner.routes.security_headers import DEFAULTS, TRANSPORT_SECURITY
from edgerunner.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[3]
TOOLS = Path(sys.executable).parent
DEPLOYED = ("Dockerfile", "compose.yaml", "render.yaml", "railway.json", "vercel.json", "deploy")
DRAIN_S = 45
"""More than a drain takes: requests 5 s, the server's end 5 s, orders under way 5 s, processes that are stopped."""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the checks are a shell script")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
    return loaded


def check(tree: Path, *names: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", str(tree / "deploy" / "check.sh"), *names],
        env={"PATH": os.environ["PATH"], "BIN": str(TOOLS), "HOME": str(tree)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in DEPLOYED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_every_deployment_file_passes_its_check(tree: Path) -> None:
    checked = check(tree)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("Dockerfile", 'ENTRYPOINT ["python"', "ENTRYPOINT python"),
        ("compose.yaml", "    command: [serve]\n", "    commandd: [serve]\n"),
        ("compose.yaml", "    mem_limit: 1536m\n", "    mem_limit: [1536m]\n"),
        ("compose.yaml", "    command: [serve]\n", "    command: [serve] \n"),
        ("render.yaml", "numInstances: 1", "numInstances: 2"),
        ("render.yaml", "generateValue: true", "value: aabbccddeeff"),
        ("render.yaml", "mountPath: /data", "mountPath: /var"),
        ("render.yaml", "plan: standard", "plan: free"),
        ("render.yaml", 'value: "0:0"', "value: 0"),
        ("Dockerfile", "WORKDIR /screen", "WORKDIR screen"),
        ("railway.json", '"overlapSeconds": "0"', '"overlapSeconds": "30"'),
        ("railway.json", '"drainingSeconds": "60"', '"drainingSeconds": 60'),
        ("railway.json", '"numReplicas": 1', '"numReplicas": 3'),
        ("vercel.json", '"rewrites"', '"rewrite"'),
        ("vercel.json", '"destination": "/app/index.html"', '"destination": "https://api.example.org/"'),
        ("deploy/image.sh", "\nfi\n", "\n"),
        ("deploy/Caddyfile", "reverse_proxy", "reverse_prox"),
    ],
)
def test_a_mistake_is_noticed(tree: Path, name: str, good: str, bad: str) -> None:
    if name == "deploy/Caddyfile" and shutil.which("caddy") is None:
        pytest.skip("caddy is not installed")
    if name == "Dockerfile" and not (TOOLS / "hadolint").exists():
        pytest.skip("hadolint is made for Linux")
    text = (tree / name).read_text()
    assert good in text
    (tree / name).write_text(text.replace(good, bad, 1))
    checked = check(tree, name)
    assert checked.returncode == 1, checked.stdout
    assert "wrong: " in checked.stdout


def test_the_image_starts_without_root_a_shell_or_a_build_tool() -> None:
    final = read("Dockerfile").rpartition("\nFROM ")[2]
    assert "RUN_AS=10001:10001" in read("Dockerfile")
    assert "USER ${RUN_AS}" in final
    assert not re.search(r"^RUN ", final, re.MULTILINE), "nothing is installed in the final stage"
    for line in ("STOPSIGNAL SIGTERM", 'ENTRYPOINT ["', 'CMD ["', "EDGERUNNER_HOST=0.0.0.0"):
        assert line in final
    assert "--require-hashes" in read("Dockerfile")
    assert "_PORT=" not in final, "PORT of the platform must win"


def test_what_is_built_into_the_image_is_named_one_by_one() -> None:
    lines = [line for line in read(".dockerignore").splitlines() if line and not line.startswith("#")]
    assert lines[0] == "**"
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", read("Dockerfile"), re.MULTILINE)
    for place in " ".join(copied).split():
        assert f"!{place}" in lines, place


def test_services_publish_on_this_machine_alone() -> None:
    for name, service in compose()["services"].items():
        for port in service.get("ports", []):
            assert port.startswith(("127.0.0.1:", "${EDGERUNNER_WEB_ADDRESS:-127.0.0.1}:")), (name, port)


def test_every_service_is_bounded_confined_and_asked_about_its_health() -> None:
    for name, service in compose()["services"].items():
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["restart"] == "unless-stopped", name
        assert {"mem_limit", "stop_grace_period"} <= service.keys(), name
        assert "healthcheck" in service or service["image"] == "edgerunner:local", name


@pytest.mark.parametrize("name", ["api", "sim", "redis", "web"])
def test_our_own_services_have_a_root_nobody_can_write_and_no_capability(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) in ([], ["NET_BIND_SERVICE"])


def test_bridges_and_redis_are_on_networks_without_a_way_out() -> None:
    document = compose()
    internal = {name for name, network in document["networks"].items() if network.get("internal")}
    assert internal == {"inside", "bridges"}
    assert document["services"]["redis"]["networks"] == ["inside"]
    for name in ("ib-gateway", "mt5"):
        service = document["services"][name]
        assert "bridges" in service["networks"]
        assert not any(
            port.endswith((":4001", ":4002", ":4003", ":4004", ":8001")) for port in service.get("ports", [])
        )


def test_secrets_are_files_and_the_gateway_may_only_read_by_default() -> None:
    services = compose()["services"]
    assert services["ib-gateway"]["environment"]["READ_ONLY_API"] == "${READ_ONLY_API:-yes}"
    for name, service in services.items():
        for variable in service.get("environment", {}):
            is_secret = re.search(r"PASSWORD|SECRET|TOKEN|KEY$", variable)
            assert not is_secret or "FILE" in variable, (name, variable)


def test_every_platform_waits_longer_than_a_drain_takes() -> None:
    grace = compose()["services"]["api"]["stop_grace_period"]
    waits = {
        "compose": int(grace.removesuffix("s")),
        "railway": int(json.loads(read("railway.json"))["deploy"]["drainingSeconds"]),
        "render": yaml.safe_load(read("render.yaml"))["services"][0]["maxShutdownDelaySeconds"],
        "systemd": int(unit()["Service"]["TimeoutStopSec"]),
    }
    assert {name: seconds for name, seconds in waits.items() if seconds <= DRAIN_S} == {}


def unit() -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign] # systemd's names have capitals
    parsed.read_string(read("deploy/systemd/edgerunner.service"))
    return parsed


def test_the_unit_is_confined() -> None:
    service = dict(unit()["Service"])
    wanted = {
        "User": "edgerunner",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "StateDirectoryMode": "0700",
        "UMask": "0077",
        "Restart": "on-failure",
        "KillSignal": "SIGTERM",
    }
    assert {name: service.get(name) for name in wanted} == wanted
    assert unit()["Install"]["WantedBy"] == "multi-user.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_itself_accepts_the_unit(tmp_path: Path) -> None:
    place = tmp_path / "edgerunner.service"
    place.write_text(
        read("deploy/systemd/edgerunner.service").replace("/opt/edgerunner/.venv/bin/edgerunner", "/bin/true")
    )
    command = ["systemd-analyze", "verify", "--recursive-errors=no", str(place)]
    verified = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "Failed to initialize manager" in verified.stderr or "Failed to connect to bus" in verified.stderr:
        pytest.skip("systemd cannot look at units here")
    assert (verified.returncode, verified.stderr) == (0, "")


def test_every_setting_in_the_files_exists() -> None:
    fields = set(Settings.model_fields)
    ours = {"published_port", "domain", "upstream", "web_address", "os", "api_url", "stream_url"}
    files = ("Dockerfile", "compose.yaml", "render.yaml", "deploy/env.example", "deploy/systemd/edgerunner.service")
    for file in files:
        for name in re.findall(rf"\b{PREFIX}([A-Z_0-9]+)", read(file)):
            setting = name.lower()
            assert {setting, setting.removesuffix("_file")} & (fields | ours), (file, name)


def test_the_screen_on_another_origin_has_the_headers_that_ours_has() -> None:
    [everywhere] = [rule for rule in json.loads(read("vercel.json"))["headers"] if rule["source"] == "/(.*)"]
    headers = {header["key"]: header["value"] for header in everywhere["headers"]}
    assert headers.pop("Content-Security-Policy") == content_policy("", ["https:", "wss:"])
    assert headers.pop("Strict-Transport-Security") == TRANSPORT_SECURITY
    assert headers == {name: DEFAULTS[name] for name in headers}
    assert {"X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Permissions-Policy"} <= headers.keys()


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
@pytest.mark.parametrize(
    ("api", "stream", "expected"),
    [
        ("https://api.example.org/", "", ("https://api.example.org", "wss://api.example.org/ws/broker")),
        ("https://a.example.org", "wss://s.example.org/x", ("https://a.example.org", "wss://s.example.org/x")),
        ("http://127.0.0.1:8000", "", ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws/broker")),
        ("http://api.example.org", "", None),
        ("https://me:secret@api.example.org", "", None),
        ("api.example.org", "", None),
        ("", "", None),
    ],
)
def test_a_static_screen_is_told_where_its_api_is(
    tree: Path, api: str, stream: str, expected: tuple[str, str] | None
) -> None:
    built = tree / "frontend" / "dist"
    built.mkdir(parents=True)
    (built / "index.html").write_text("<html>")
    laid_out = subprocess.run(
        ["/usr/bin/env", "node", str(tree / "deploy" / "static_screen.mjs")],
        env={"PATH": os.environ["PATH"], "EDGERUNNER_API_URL": api, "EDGERUNNER_STREAM_URL": stream},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    output = tree / "build" / "screen"
    if expected is None:
        assert (laid_out.returncode, output.exists()) == (1, False)
        return
    assert laid_out.returncode == 0, laid_out.stderr
    assert (output / "app" / "index.html").is_file()
    assert json.loads((output / "config.json").read_text()) == dict(
        zip(("api_path", "stream_path"), expected, strict=True)
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that every user may enter; those of ``tmp_path`` lie in one that root alone may."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give root up")
def test_a_container_started_as_root_hands_the_data_over_and_becomes_nobody_special(
    open_folder: Path,
) -> None:
    program = open_folder / "edgerunner"
    program.write_text('#!/bin/sh\nid -u; id -G; echo "$@"; touch "$EDGERUNNER_DATA_DIR/mine"\n')
    program.chmod(0o755)
    data = open_folder / "data"
    started = subprocess.run(
        ["/usr/bin/env", "python3", str(ROOT / "deploy" / "start.py"), "serve", "--json"],
        env={"PATH": f"{open_folder}:{os.environ['PATH']}", "EDGERUNNER_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert started.stdout.split("\n") == ["10001", "10001", "serve --json", ""], started.stderr
    assert (data.stat().st_uid, data.stat().st_mode & 0o777) == (10001, 0o700)
    assert (data / "mine").stat().st_uid == 10001
