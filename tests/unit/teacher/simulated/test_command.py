"""`serve` as a process of its own."""

import resource
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from local_problems import PROBLEMS

from specialize.core.files import write_records
from specialize.teacher.__main__ import main


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    write_records(tmp_path / "train.jsonl", PROBLEMS)
    return tmp_path / "train.jsonl"


def test_serves_until_its_parent_goes(problems: Path) -> None:
    command = [sys.executable, "-m", "specialize.teacher", "serve", "--problems", str(problems)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*command, "--port", "0", "--with-parent"], text=True, **pipes) as child:
        url = child.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:") and url.endswith("/v1")
        with urllib.request.urlopen(f"{url}/models") as answer:
            assert answer.status == 200
        port = url.split(":")[2].removesuffix("/v1")
        second = subprocess.run([*command, "--port", port], capture_output=True, text=True, timeout=60)
        assert second.returncode == 2
        assert second.stderr.splitlines()[-1].startswith(f"error: --port {port}: expected a port that is free")
        child.stdin.close()
        assert child.wait(timeout=30) == 0
        assert child.stdout.read() == ""
        assert "Traceback" not in child.stderr.read()


@pytest.mark.parametrize("port", ["-1", "65536", "99999999"])
def test_a_port_that_there_is_not(problems: Path, capsys: pytest.CaptureFixture[str], port: str) -> None:
    assert main(["serve", "--problems", str(problems), "--port", port]) == 2
    assert f"error: --port: expected 0 to 65535, got {port}" in capsys.readouterr().err


@pytest.mark.slow
def test_it_serves_again_once_file_descriptors_are_free(problems: Path) -> None:
    command = [sys.executable, "-m", "specialize.teacher", "serve", "--problems", str(problems), "--port", "0"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))  # noqa: E731
    with subprocess.Popen([*command, "--with-parent"], preexec_fn=limit, **pipes) as child:
        url = child.stdout.readline().strip()
        port = int(url.split(":")[2].removesuffix("/v1"))
        clients = []
        for _ in range(120):
            client = socket.create_connection(("127.0.0.1", port), timeout=5)
            client.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")
            clients.append(client)
        with pytest.raises(OSError):
            urllib.request.urlopen(f"{url}/models", timeout=3)
        for client in clients:
            client.close()
        time.sleep(3)
        with urllib.request.urlopen(f"{url}/models", timeout=20) as answer:
            assert answer.status == 200
        child.stdin.close()
        said = child.stderr.read()
    assert "Traceback" not in said and len(said.splitlines()) <= 20


def test_bad_arguments(problems: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--problems", str(problems), "--error-rate", "1.5"]) == 2
    assert "error: --error-rate: Input should be less than or equal to 1, got 1.5" in capsys.readouterr().err
    assert main(["serve", "--problems", str(tmp_path / "none.jsonl")]) == 2
    (tmp_path / "faults.json").write_text("{]")
    assert main(["serve", "--problems", str(problems), "--faults", str(tmp_path / "faults.json")]) == 2
    assert "faults.json:1" in capsys.readouterr().err
