"""What the environment changes, and the provider's own words."""

from typing import Any

import pytest
from provider_stub import Project, Reply, error, good, provided, run

from specialize.teacher.cache.store import cache_folder, open_cache


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://secret@h:1"),
        ("all_proxy", "socks://h:1"),
        ("SSL_CERT_FILE", "/gone"),
        ("HTTPS_PROXY", "ftp://h"),
        ("SSL_CERT_FILE", __file__),
        ("OPENAI_LOG", "debug"),
    ],
)
def test_a_variable_that_breaks_the_connection_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    project.url = "https://127.1.example.org/v1"
    outcome = project.run()
    assert outcome.status == 2 and variable in outcome.said and "secret" not in outcome.said


def test_the_account_goes_to_openai_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-x")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-x")
    outcome, provider = run(project, good)
    assert outcome.status == 0 and "x" not in provider.seen[0].headers.get("OpenAI-Organization", "")
    assert "OpenAI-Project" not in provider.seen[0].headers
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-A: 1")
    outcome, provider = run(project, good)
    assert outcome.status == 2 and "OPENAI_CUSTOM_HEADERS" in outcome.said and not provider.requests


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "OpenAI-Organization header should match organization for API key"),
        (403, "Country, region, or territory not supported"),
        (404, "The model `x` does not exist"),
    ],
)
def test_the_reason_of_the_provider_is_shown(project: Project, status: int, message: str) -> None:
    outcome, _ = run(project, lambda *_: error(status, message))
    assert outcome.status == 2 and message in outcome.said


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_named_and_not_followed(project: Project, status: int) -> None:
    elsewhere: list[Any] = []
    outcome, provider = run(project, lambda *_: Reply({}, status, {"Location": "http://127.0.0.2:1/v1/chat"}))
    assert outcome.status == 2 and "redirects to http://127.0.0.2:1/v1/chat" in outcome.said
    assert len(provider.requests) == 1 and not elsewhere


def test_no_key_over_plain_http(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.url = "http://10.0.0.1/v1"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI-K7MDENG")
    outcome = project.run(key_variable="AWS_SECRET_ACCESS_KEY")
    assert outcome.status == 2 and "plain http" in outcome.said and "wJalr" not in outcome.said


KEY = "sk-test-SECRET0123456789abcdefXYZ"


@pytest.mark.parametrize("form", [KEY, KEY[::-1], KEY.replace("-", "%2D"), KEY[:14] + "***" + KEY[-4:], KEY[-12:]])
def test_no_form_of_the_key_is_shown_or_kept(project: Project, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    outcome, _ = run(project, lambda *_: error(401, f"Incorrect API key {form} provided"))
    assert outcome.status == 2 and "Incorrect API key" in outcome.said
    assert not any(part in outcome.said for part in (form, KEY[-8:], KEY[:12], KEY[::-1][:8]))
    if len(form) >= len(KEY):
        outcome, _ = run(project, lambda asked, number: good(asked, number, extra=form, usage={"note": form}))
        raw = b"".join(path.read_bytes() for path in project.folder.rglob("*") if path.is_file())
        with open_cache(cache_folder()) as cache:
            raw += repr(list(cache.everything())).encode()
        assert outcome.status == 0 and form.encode() not in raw


def test_escapes_of_a_terminal_are_not_printed(project: Project) -> None:
    outcome, _ = run(project, lambda *_: error(401, "\x1b]0;pwn\x07\x1b[2J\u202egnp"))
    assert "\x1b" not in outcome.said and "\u202e" not in outcome.said


def test_an_endless_body_is_not_read(project: Project) -> None:
    outcome, _ = run(project, lambda *_: Reply(b" " * (20 * 2**20)), limits={"attempts": 1})
    assert outcome.status == 2 and "bytes" in outcome.said


def test_addresses_without_a_proxy_may_be_of_any_kind(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "::1,10.0.0.0/8,*.internal,[fe80::1]:8080,localhost")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert run(project, good)[0].status == 0


def test_the_address_that_servers_print_is_this_machine(project: Project) -> None:
    with provided(project, good):
        project.url = project.url.replace("127.0.0.1", "0.0.0.0")
        assert project.run().status == 0
