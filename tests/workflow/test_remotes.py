"""Push and pull through real servers, as docs/howto/remotes.md says. Skipped where a server is not installed."""

import importlib.util
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager

import pytest
from workspaces import Workspace

pytestmark = pytest.mark.slow

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {folder}/www; dav_methods PUT; create_full_put_path on; }}
  }}
}}
"""
LONGEST_START_S = 60


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def serving(port: int, *command: str):
    """A server's process, from when it accepts connections to the end of the test."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + LONGEST_START_S
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None and time.monotonic() < deadline, command
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def assert_it_travels(workspace: Workspace, clone_to) -> None:
    """Push, clone, pull: the clone is complete and both tools know it."""
    workspace.commit()
    workspace.dvc("push", "--quiet")
    assert "in sync" in workspace.dvc("status", "--cloud").text
    workspace.run("git", "clone", "--quiet", str(workspace.folder), str(clone_to))
    clone = Workspace(clone_to)
    if (local := workspace.folder / ".dvc" / "config.local").is_file():
        shutil.copy2(local, clone_to / ".dvc" / "config.local")
    clone.dvc("pull", "--quiet")
    assert clone.digests() == workspace.digests()
    assert clone.snakemake("-n").nothing_to_do
    assert "up to date" in clone.dvc("status").text


@pytest.mark.skipif(not shutil.which("nginx"), reason="needs nginx")
def test_a_web_server_that_takes_put(workspace, tmp_path):
    port = free_port()
    (tmp_path / "www").mkdir()
    (tmp_path / "www").chmod(0o777)  # nginx's workers may run as another user
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)
    (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, port=port))
    with serving(port, "nginx", "-c", str(tmp_path / "nginx.conf")):
        workspace.dvc("remote", "add", "--default", "web", f"http://127.0.0.1:{port}/store")
        workspace.dvc("remote", "modify", "web", "method", "PUT")
        assert_it_travels(workspace, tmp_path / "clone")


@pytest.mark.skipif(
    not shutil.which("moto_server") or not importlib.util.find_spec("dvc_s3"), reason="needs moto_server and dvc-s3"
)
def test_an_s3_endpoint(workspace, tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "of-no-account")
    monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", "of-no-account")
    monkeypatch.setitem(os.environ, "AWS_DEFAULT_REGION", "us-east-1")
    port = free_port()
    with serving(port, "moto_server", "-H", "127.0.0.1", "-p", str(port)):
        endpoint = f"http://127.0.0.1:{port}"
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/bucket", method="PUT")).close()
        workspace.dvc("remote", "add", "--default", "s3", "s3://bucket/store")
        workspace.dvc("remote", "modify", "s3", "endpointurl", endpoint)
        assert_it_travels(workspace, tmp_path / "clone")
