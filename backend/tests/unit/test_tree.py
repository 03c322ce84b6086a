"""The scan of tracked files finds what must never be committed; samples are put together here to stay unfound."""

import check_tree
import pytest

FORBIDDEN = [
    ("private key", "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA" * 4),
    ("access key", "AKIA" + "ABCDEFGHIJKLMNOP"),
    ("access key", "gh" + "p_" + "a1B2" * 9),
    ("bot token", "123456789" + ":AA" + "x" * 33),
    ("signed token", "eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + ".sig"),
    ("secret literal", "api_" + 'key = "' + "0123456789abcdef" * 2 + '"'),
    ("machine path", "see /ro" + "ot/notes.txt"),
    ("machine path", "/ho" + "me/somebody/project"),
    ("machine path", "C:\\Us" + "ers\\somebody"),
    ("index address", "--index-url https://py" + "pi.example/simple/"),
]


@pytest.mark.parametrize(("label", "text"), FORBIDDEN)
def test_a_forbidden_text_is_found_with_its_line(label: str, text: str) -> None:
    assert f"sample.md:2: {label}" in list(check_tree.findings_in("sample.md", f"first line\n{text}\n".encode()))


def test_a_file_over_a_megabyte_is_found() -> None:
    assert list(check_tree.findings_in("data.bin", b"x" * 1_000_001))


def test_a_source_file_over_450_lines_is_found_and_a_long_page_is_not() -> None:
    content = b"x = 1\n" * 451
    assert list(check_tree.findings_in("module.py", content))
    assert list(check_tree.findings_in("page.md", content)) == []


def test_public_simulator_keys_routes_and_urls_are_no_findings() -> None:
    text = 'API_KEY = "sim-key"\nGET /orders/status\nhttps://example.org/work/root\nsecret = os.environ["API_SECRET"]\n'
    assert list(check_tree.findings_in("module.py", text.encode())) == []
