"""What the environment gives a client: the key, headers, proxies, certificates. Read once, checked before anything is
sent; values never appear in a message."""

import os
import ssl
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from specialize.core.errors import SpecializeError
from specialize.core.params.teacher import TeacherParams

NO_KEY = "none"
"""Sent where a server asks for no key: the client library wants one."""
OPENAI_HOST = "api.openai.com"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


class KeyMissingError(SpecializeError):
    """No key in the environment, or none that can be sent."""


class EnvironmentVariableError(SpecializeError):
    """A variable of the environment that would change what is sent, or break the connection."""


def key_for(params: TeacherParams, base_url: str) -> str:
    """Return the key from the environment, NO_KEY where none is sent.

    Raises KeyMissingError where it cannot be sent, and where there is none and a server elsewhere will want one.
    """
    if params.key_variable is None:
        return NO_KEY
    key = _printable(params.key_variable, os.environ.get(params.key_variable, "").strip())
    if is_loopback(base_url):
        return key or NO_KEY
    if urlsplit(base_url).scheme == "http" and key:
        raise KeyMissingError(
            f"{params.key_variable}: a key is not sent to {base_url} over plain http. Use https, a tunnel that ends on "
            "127.0.0.1, or teacher.key_variable: null to send none"
        )
    if not key:
        raise KeyMissingError(
            f"{params.key_variable} is not set in the environment: expected the key for {base_url}. "
            "Another variable: teacher.key_variable; null: the server asks for none"
        )
    return key


def headers_for(params: TeacherParams, base_url: str) -> dict[str, str]:
    """Return the headers of `teacher.request.headers` with their values from the environment."""
    if params.request.headers and urlsplit(base_url).scheme == "http" and not is_loopback(base_url):
        raise KeyMissingError(f"teacher.request.headers: they are not sent to {base_url} over plain http. Use https")
    headers = {}
    for name, variable in params.request.headers.items():
        value = os.environ.get(variable, "").strip()
        if not value:
            raise KeyMissingError(f"{variable} is not set in the environment: expected the header {name}")
        headers[name] = _printable(variable, value, blanks=True)
    return headers


def check_environment(base_url: str, environment: Mapping[str, str] = os.environ) -> None:
    """Raise EnvironmentVariableError for a variable that the HTTP client would fail on, or send on silently."""
    if environment.get("OPENAI_CUSTOM_HEADERS"):
        raise EnvironmentVariableError(
            "OPENAI_CUSTOM_HEADERS: expected it unset: headers that no recipe names could change the answers. "
            "Name them in teacher.request.headers"
        )
    if environment.get("OPENAI_LOG", "").lower() == "debug":
        raise EnvironmentVariableError(
            "OPENAI_LOG: expected it unset or not 'debug': the client library would log headers and prompts"
        )
    if is_loopback(base_url):
        return  # no proxy and no certificate of the environment is used there
    for name in (*PROXIES, *(proxy.lower() for proxy in PROXIES)):
        scheme = urlsplit(environment.get(name, "")).scheme
        if scheme not in ("", "http", "https") and not (scheme in ("socks5", "socks5h") and _has_socks()):
            raise EnvironmentVariableError(
                f"{name}: expected a proxy http://… or https://…, got one with {scheme}://. Unset it, or for socks5 "
                "install the package socksio"
            )
    for name in CERTIFICATES:
        path = environment.get(name)
        if path and not Path(path).exists():
            raise EnvironmentVariableError(f"{name}: expected an existing path, got {path}. Correct or unset it")
    if path := environment.get("SSL_CERT_FILE"):
        try:
            ssl.create_default_context(cafile=path)
        except OSError as error:
            raise EnvironmentVariableError(
                f"SSL_CERT_FILE: expected certificates in PEM, got {path} ({error}). Correct or unset it"
            ) from None


def account_of(base_url: str, environment: Mapping[str, str] = os.environ) -> dict[str, str | None]:
    """Return the organisation and project of OpenAI's account; None anywhere else, where they mean nothing."""
    ours = urlsplit(base_url).hostname == OPENAI_HOST
    names = {"organization": "OPENAI_ORG_ID", "project": "OPENAI_PROJECT_ID"}
    return {argument: (environment.get(name) or None) if ours else None for argument, name in names.items()}


def is_loopback(base_url: str) -> bool:
    """Whether a server is on this machine."""
    host = urlsplit(base_url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified  # servers print 0.0.0.0 as their address


def _printable(variable: str, value: str, blanks: bool = False) -> str:
    # No header can carry other characters, and the client's own complaint would quote them.
    if not all("!" <= character <= "~" or (blanks and character == " ") for character in value):
        raise KeyMissingError(
            f"{variable}: expected a key in printable ASCII without blanks, got other characters "
            "(a line too many, a typographic quote?)"
        )
    return value


def _has_socks() -> bool:
    try:
        version("socksio")
    except PackageNotFoundError:
        return False
    return True
