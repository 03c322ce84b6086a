"""The built screen under ``/app/``."""

from pathlib import Path

import pytest

from edgerunner.backtest.report_scripts import script_hashes
from edgerunner.routes.screen import Screen
from tests.api.harness import Api, running_api


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>screen</title>")
    (folder / "assets" / "index-abc123.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("not for anybody")
    return folder


async def test_the_screen_answers_its_own_addresses_with_its_page(built: Path, tmp_path: Path) -> None:
    async with running_api(tmp_path / "data", screen_dir=built) as api:
        for path in ("/app", "/app/", "/app/trade", "/app/orders/some/where"):
            answer = await api.http.get(path, headers={"Authorization": ""})
            assert (answer.status_code, answer.text) == (200, "<!doctype html><title>screen</title>")
            assert answer.headers["cache-control"] == "no-cache"
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_the_scripts_of_a_backtests_report_may_run_in_the_screen_and_no_other_inline_ones(
    built: Path, tmp_path: Path
) -> None:
    async with running_api(tmp_path / "data", screen_dir=built) as api:
        policy = (await api.http.get("/app/")).headers["content-security-policy"]
    allowed = next(part.split() for part in policy.split("; ") if part.startswith("script-src"))
    assert allowed == ["script-src", "'self'", *script_hashes()]


async def test_hashed_files_are_kept_by_browsers_and_missing_ones_are_not_the_page(built: Path, tmp_path: Path) -> None:
    async with running_api(tmp_path / "data", screen_dir=built) as api:
        script = await api.http.get("/app/assets/index-abc123.js")
        assert script.headers["content-type"].startswith("text/javascript")
        assert "immutable" in script.headers["cache-control"]
        assert (await api.http.get("/app/assets/index-old.js")).status_code == 404


@pytest.mark.parametrize("path", ["../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "assets/../../secret.txt"])
async def test_no_path_leaves_the_folder(built: Path, tmp_path: Path, path: str) -> None:
    async with running_api(tmp_path / "data", screen_dir=built) as api:
        answer = await api.http.get(f"/app/{path}")
        assert "not for anybody" not in answer.text


def test_a_link_in_the_folder_is_not_followed(built: Path) -> None:
    (built / "leak.txt").symlink_to(built.parent / "secret.txt")
    assert "leak.txt" not in Screen.read(built).files


async def test_without_a_screen_the_page_says_how_to_go_on(api: Api) -> None:
    page = (await api.http.get("/app/")).text
    assert "make run" in page
    assert "edgerunner trade" in page
