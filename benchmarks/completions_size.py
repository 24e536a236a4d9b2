"""Bytes a token of stored completions with their five alternatives: our Parquet beside two text formats.

    .venv/bin/python benchmarks/completions_size.py [FILE of recorded responses]

Parquet is what the pipeline writes. JSON Lines holds the same columns, tokens as text. The third is the form in which
the authors kept their completions (github.com/FranxYao/FlanT5-CoT-Specialization): a text, then for each token
`<<'token'>> p <<'token1'>> p1 … |||` with four decimals of probability. It loses bytes and precision (small
probabilities become 0), and stands here for its size alone. The text formats are also given compressed by zstd as whole
files.

Two sources: the published Codex completions (53, where the folder of raw files is there), and the local teacher's.
"""

import json
import math
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from measure import write

from specialize.records.problems import Problem
from specialize.teacher.api.responses import choices_of, read_answer
from specialize.teacher.completions import completion_row, write_completions
from specialize.teacher.recorded.read_recordings import read_recorded
from specialize.teacher.simulated.teacher import Teacher

CODEX = Path(__file__).resolve().parents[2] / "shared" / "data" / "teacher" / "codex_logprobs.jsonl"


def codex(path: Path) -> list[dict[str, Any]]:
    """Return the recorded completions as rows of the table."""
    answers = [answer for row in read_recorded(path) for answer in row.answers]
    return [completion_row("gsm8k/train/0", "codex", number, answer) for number, answer in enumerate(answers)]


def local(questions: int = 300, samples: int = 10) -> list[dict[str, Any]]:
    """Return completions of the local teacher."""
    rows = []
    for n in range(questions):
        a, b, c = 3 + n % 27, 2 + n % 11, 2 + n % 5
        rationale = (
            f"Pia finds {a} + {b} = {a + b} shells.\nFor {c} friends that is {a + b} * {c} = {(a + b) * c} shells."
        )
        problem = Problem(
            id=f"p/{n}",
            dataset="p",
            question=f"Pia has {a} shells and finds {b} more; {c} friends have as many. How many, number {n}?",
            answer=str((a + b) * c),
            kind="number",
            rationale=rationale,
        )
        prompt = f"Question: {problem.question}\nLet's think step by step"
        asked = {"model": "local-teacher", "prompt": prompt, "n": samples, "logprobs": 5, "temperature": 1, "seed": n}
        answer = Teacher([problem], 0.6).complete({**asked, "max_tokens": 256})
        rows += [
            completion_row(problem.id, "local-teacher", sample, read_answer(choice))
            for sample, choice in enumerate(choices_of(answer))
        ]
    return rows


def json_lines(rows: Iterable[dict[str, Any]]) -> bytes:
    """Return the rows as JSON Lines."""

    def text(value: Any) -> Any:
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return [text(part) for part in value] if isinstance(value, list) else value

    lines = (json.dumps({name: text(value) for name, value in row.items()}, ensure_ascii=False) for row in rows)
    return "".join(line + "\n" for line in lines).encode()


def authors_text(rows: Iterable[dict[str, Any]]) -> bytes:
    """Return the rows in the authors' form."""

    def pair(token: bytes, logprob: float | None) -> str:
        return f"<<{token.decode('utf-8', 'replace')!r}>> {math.exp(logprob or 0.0):.4f}"

    parts = []
    for row in rows:
        parts.append(f"Model output {row['sample']}: {row['text']}\nPer-step decode: ")
        columns = (row["tokens"], row["token_logprobs"], row["top_tokens"], row["top_logprobs"])
        for token, logprob, tops, values in zip(*columns, strict=True):
            told = [pair(token, logprob), *(pair(*other) for other in zip(tops, values, strict=True))]
            parts.append(f"{' '.join(told)} ||| ")
        parts.append("\n")
    return "".join(parts).encode()


def sizes(source: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return bytes a token of each form."""
    tokens = sum(len(row["tokens"]) for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.parquet"
        write_completions(path, rows)
        parquet = path.stat().st_size
    lines, text = json_lines(rows), authors_text(rows)
    found = {
        "parquet": parquet,
        "JSON Lines": len(lines),
        "JSON Lines, zstd": len(pa.compress(lines, codec="zstd", asbytes=True)),
        "authors' text": len(text),
        "authors' text, zstd": len(pa.compress(text, codec="zstd", asbytes=True)),
    }
    shown = {name: round(size / tokens, 2) for name, size in found.items()}
    return {"completions of": source, "completions": len(rows), "tokens": tokens, **shown}


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else CODEX
    rows = [sizes("local teacher", local())]
    if path.is_file():
        rows.insert(0, sizes("code-davinci-002", codex(path)))
    write("completions_size", "Stored completions with their alternatives: bytes a token", rows, "pyarrow")


if __name__ == "__main__":
    main()
