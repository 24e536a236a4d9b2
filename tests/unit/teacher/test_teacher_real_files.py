"""The real recorded completions of GSM8K train: counts of shared/data/MANIFEST.md."""

import json
from pathlib import Path

import pytest

from specialize.core.files import read_rows
from specialize.records.problems import Problem
from specialize.teacher.recorded.read_recordings import read_recorded
from specialize.teacher.recorded.to_completions import import_rows

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
EIT = DATA / "teacher" / "eit_nlp_distilling_cot"
pytestmark = pytest.mark.skipif(not EIT.is_dir(), reason=f"no recorded completions at {EIT}")


@pytest.fixture(scope="module")
def train() -> list[Problem]:
    rows = [row for _, row in read_rows(DATA / "gsm8k" / "train.jsonl")]
    return [
        Problem(
            id=f"gsm8k/train/{number}",
            dataset="gsm8k",
            question=row["question"],
            answer=row["answer"].rsplit("####", 1)[1].strip().replace(",", ""),
            kind="number",
        )
        for number, row in enumerate(rows)
    ]


def test_counts_of_every_file(train: list[Problem]) -> None:
    files = sorted(EIT.glob("*_ranked.json"))
    imported = import_rows({path.stem: read_recorded(path) for path in files}, train)
    seen = {
        teacher: (counts["rows"], counts["matched exactly"] + counts["matched normalised"], counts["unmatched"])
        for teacher, counts in imported.counts.items()
    }
    assert seen == {
        "gsm8k_gemini_level1_ranked": (7433, 7432, 1),
        "gsm8k_gemini_level2_ranked": (7433, 7432, 1),
        "gsm8k_llama_level1_ranked": (7442, 7441, 1),
        "gsm8k_llama_level2_ranked": (7442, 7441, 1),
    }
    assert all(counts["matched normalised"] == 22 and not counts["ambiguous"] for counts in imported.counts.values())
    assert all(row.question.startswith("A Senior Center") for row in imported.lost)  # train row 7421: a Cyrillic А
    assert len({completion["problem_id"] for completion in imported.completions}) == 7441
    assert len(imported.completions) == 29746
    assert max(completion["sample"] for completion in imported.completions) == 0


def test_codex_samples_are_numbered(train: list[Problem], tmp_path: Path) -> None:
    path = tmp_path / "codex.jsonl"
    rows = [row for _, row in read_rows(DATA / "teacher" / "codex_logprobs.jsonl")]
    lines = (json.dumps({"question": row["question"], "output": row["text"]}) for row in rows)
    path.write_text("\n".join(lines), encoding="utf-8")
    imported = import_rows({"codex": read_recorded(path)}, train)
    assert imported.counts["codex"]["matched exactly"] == imported.counts["codex"]["completions"] == 53
    samples: dict[str, list[int]] = {}
    for completion in imported.completions:
        samples.setdefault(completion["problem_id"], []).append(completion["sample"])
    assert {key: len(value) for key, value in samples.items()} == {
        "gsm8k/train/0": 51,
        "gsm8k/train/1": 1,
        "gsm8k/train/32": 1,
    }
    assert samples["gsm8k/train/0"] == list(range(51))


def test_codex_responses_keep_their_tokens(train: list[Problem]) -> None:
    path = DATA / "teacher" / "codex_logprobs.jsonl"
    imported = import_rows({"codex": read_recorded(path)}, train)
    assert imported.counts["codex"]["tokens kept"] == 53
    for row, (_, raw) in zip(imported.completions[:51], list(read_rows(path))[:50], strict=False):
        assert b"".join(row["tokens"]).decode() == row["text"] == raw["text"]
        assert row["token_logprobs"] == raw["token_logprobs"]
        # Some alternatives were recorded without their log-probabilities.
        known = [sum(value is not None for value in top.values()) for top in raw["top_logprobs"]]
        assert [len(top) for top in row["top_tokens"]] == known
