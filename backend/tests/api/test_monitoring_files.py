"""Dashboard, alert rules and the operations page speak of metrics that exist, and of all of them."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # it ships no types
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from edgerunner.routes.fanout_metrics import redis_metrics
from edgerunner.services.clock import SystemClock
from edgerunner.services.fanout.link import RedisLink
from tests.api.harness import Api

ROOT = Path(__file__).resolve().parents[3]
PROMETHEUS, DASHBOARD = ROOT / "deploy/prometheus", ROOT / "deploy/grafana/edgerunner.json"
OPERATIONS = ROOT / "docs/operations.md"
NAME = re.compile(r"\b(?:edgerunner|process)_[a-z_0-9]+\b")
DERIVED = re.compile(r"_(bucket|count|sum|total|created)$")
PROMTOOL = shutil.which("promtool")

Json = dict[str, Any]


async def answered(api: Api) -> set[str]:
    """Return every name a query may use: the families of a real answer, and Redis' of one that has it."""
    families: list[Metric] = list(text_string_to_metric_families((await api.http.get("/metrics")).text))
    families += redis_metrics(RedisLink("redis://127.0.0.1:1", clock=SystemClock()))
    names: set[str] = set()
    for family in families:
        endings = {
            "counter": ("_total",),
            "histogram": ("_bucket", "_count", "_sum"),
        }.get(family.type, ("",))
        names |= {family.name + ending for ending in endings}
    return names


def queries(dashboard: Json) -> list[str]:
    found = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    return found + [variable["query"]["query"] for variable in dashboard["templating"]["list"]]


def rules() -> list[Json]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def families(names: set[str]) -> set[str]:
    return {DERIVED.sub("", name) for name in names}


async def test_every_query_of_the_dashboard_and_the_rules_asks_for_a_metric_that_is_answered(trading: Api) -> None:
    known = await answered(trading)
    for query in [*queries(json.loads(DASHBOARD.read_text())), *(rule["expr"] for rule in rules())]:
        labels = re.sub(r"\{[^}]*\}|by \([^)]*\)", "", query)
        asked = set(NAME.findall(labels))
        assert asked or "up{" in query, query
        assert asked <= known, query


async def test_every_metric_is_explained_on_the_operations_page_and_shown_on_the_dashboard(trading: Api) -> None:
    own = {name for name in families(await answered(trading)) if name.startswith("edgerunner_")}
    explained = families(set(re.findall(r"^\| `(edgerunner_[a-z_]+)` \|", OPERATIONS.read_text(), re.MULTILINE)))
    assert explained == own
    shown = families({name for query in queries(json.loads(DASHBOARD.read_text())) for name in NAME.findall(query)})
    assert own - shown == {"edgerunner_redis_since_timestamp_seconds"}


def test_every_alert_leads_to_a_paragraph_that_names_it() -> None:
    text = OPERATIONS.read_text()
    anchors = {line.removeprefix("### ").lower().replace(" ", "-") for line in text.splitlines() if line[:4] == "### "}
    for rule in rules():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operations.md"
        assert anchor in anchors, rule["alert"]
        assert f"`{rule['alert']}`" in text, rule["alert"]


def test_the_dashboard_is_whole() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"]
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24, panel["title"]
    provider = yaml.safe_load((DASHBOARD.parent / "provisioning/dashboards/edgerunner.yml").read_text())
    assert provider["providers"][0]["options"]["path"].endswith(DASHBOARD.name)
    source = yaml.safe_load((DASHBOARD.parent / "provisioning/datasources/prometheus.yml").read_text())
    used = {panel["datasource"]["uid"] for panel in panels if "datasource" in panel}
    assert used == {source["datasources"][0]["uid"]}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: apt install prometheus)")
@pytest.mark.parametrize("command", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_promtool_accepts_the_rules_and_their_tests_pass(command: tuple[str, ...]) -> None:
    run_promtool(*command)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: apt install prometheus)")
def test_promtool_accepts_the_configuration(tmp_path: Path) -> None:
    for name in ("prometheus.yml", "alerts.yml"):
        shutil.copy(PROMETHEUS / name, tmp_path)
    (tmp_path / "api_key").write_text("a key")
    run_promtool("check", "config", "prometheus.yml", folder=tmp_path)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: apt install prometheus)")
async def test_promtool_accepts_the_metrics(trading: Api) -> None:
    await trading.trade()
    run_promtool("check", "metrics", given=(await trading.http.get("/metrics")).text)


def run_promtool(*command: str, folder: Path = PROMETHEUS, given: str | None = None) -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, *command], cwd=folder, input=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
