"""Results that come back to the cache: only what provenance and dvc.lock vouch for."""

import json
from pathlib import Path

import pytest

from specialize.core.files import sha256_file
from specialize.records.completions import SamplingSettings
from specialize.teacher.api.responses import Answer
from specialize.teacher.cache.recorded_folder import folder_digest, is_recorded
from specialize.teacher.cache.store import open_cache
from specialize.teacher.cache.transfer import refill, refill_results
from specialize.teacher.completions import completion_row, write_completions

KEY = "ab" * 32
SETTINGS = SamplingSettings(api="completions", max_tokens=8, model="m", top_k=0, without_logprobs="refuse")
FOLDER = Path("results/completions")


def write(path: Path, text: str) -> None:
    row = completion_row("p", "m", 0, Answer(text, "stop", prompt_tokens=3, completion_tokens=2))
    write_completions(path, [{**row, "request_key": KEY}], SETTINGS)


def lock(md5: str) -> None:
    Path("dvc.lock").write_text(
        f"schema: '2.0'\nstages:\n  teacher:\n    cmd: x\n    outs:\n    - path: {FOLDER}\n      md5: {md5}\n"
    )


def test_a_file_that_its_provenance_does_not_name_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "part-00000.parquet"
    write(path, "one")
    facts = {"phase": "teacher", "recipe": "r", "recipe_sha256": "x", "inputs": {}}
    (tmp_path / "provenance.json").write_text(
        json.dumps({**facts, "outputs": {path.name: {"size": 1, "sha256": sha256_file(path)}}})
    )
    write(path, "another")
    with open_cache(tmp_path / "cache") as cache:
        assert refill_results(cache, tmp_path) == (0, 0)
        assert "not the file that its provenance.json names" in capsys.readouterr().err
        (kept,) = (tmp_path / "cache" / "not-taken").iterdir()
        assert refill(cache, kept) == (1, 1), "nothing is lost"
        facts["outputs"] = {path.name: {"size": 1, "sha256": sha256_file(path)}}
        (tmp_path / "provenance.json").write_text(json.dumps(facts))
        assert refill_results(cache, tmp_path) == (0, 0), "and known from then on"


def test_a_folder_that_dvc_did_not_record_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A remote that hands over other content, provenance and all, cannot put answers into the cache."""
    monkeypatch.chdir(tmp_path)
    write(FOLDER / "part-00000.parquet", "true")
    lock(folder_digest(FOLDER))
    write(FOLDER / "part-00000.parquet", "forged")
    with open_cache(tmp_path / "cache") as cache:
        assert is_recorded(FOLDER) is False and refill_results(cache, FOLDER) == (0, 0)
        assert "not what dvc.lock records" in capsys.readouterr().err
        digest = folder_digest(FOLDER)
        known = Path(".dvc/cache/files/md5") / digest[:2] / digest[2:]
        known.parent.mkdir(parents=True)
        known.touch()
        assert refill_results(cache, FOLDER) == (1, 1), "another branch recorded it"
    lock("0.dir")
    Path("dvc.lock").write_text("schema: '2.0'\n")
    assert is_recorded(FOLDER) is None
    Path("dvc.lock").unlink()
    assert is_recorded(FOLDER) is None


def test_the_digest_of_a_folder_is_dvcs(tmp_path: Path) -> None:
    """The digest was taken from DVC 3.67 for a folder with these files."""
    (tmp_path / "sub").mkdir()
    for name, text in {"b": "a\n", "é": "xü\n", "sub/c": "c\n", "sub-d": "d\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert folder_digest(tmp_path) == "e3ca1ec337b1878707bdbab0b66785c6.dir"
