"""Ask a checkpoint questions of one's own: in the format that it was trained on, answers as scoring would read them.

No part of scoring: the project's command `python -m specialize ask` calls it, so a change here makes no score stale.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from specialize.core.answers import flexible_answer, rationale_of, strict_answer
from specialize.core.checkpoint_files import check_files
from specialize.core.errors import CheckpointError, RecordError
from specialize.core.files import parse_record, read_json
from specialize.core.machine.library_errors import reading_file
from specialize.core.prompt_formats import Format, source
from specialize.evaluate.generate import DecodingLimits, generate, load_checkpoint
from specialize.records.checkpoints import CheckpointManifest


@dataclass(frozen=True)
class Reply:
    """What a checkpoint wrote."""

    question: str
    text: str
    reasoning: str
    answer: str | None
    """What stands behind "The answer is", else the last number; None where there is neither."""
    tokens: int
    seconds: float
    """Of the batch that it was decoded in."""


def ask(
    checkpoint: Path, questions: Sequence[str], format: Format, limits: DecodingLimits, threads: int
) -> Iterator[list[Reply]]:
    """Yield the replies batch by batch, in the order of the questions.

    Raises CheckpointError where the folder is no checkpoint of a student.
    """
    path = checkpoint / "manifest.json"
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; give a folder results/checkpoints/{{student}}/step-{{n}}")
    manifest = parse_record(str(path), read_json(path), CheckpointManifest)
    check_files(checkpoint, manifest.files)
    loaded = load_checkpoint(checkpoint, manifest.prompts, threads)
    for begin in range(0, len(questions), limits.batch_size):
        batch = questions[begin : begin + limits.batch_size]
        started = time.perf_counter()
        answers, _ = generate(loaded, [source(format, question) for question in batch], limits)
        seconds = time.perf_counter() - started
        yield [
            Reply(
                question,
                answer.text,
                rationale_of(answer.text),
                strict_answer(answer.text) or flexible_answer(answer.text),
                answer.tokens,
                seconds,
            )
            for question, answer in zip(batch, answers, strict=True)
        ]


def read_questions(path: Path) -> list[str]:
    """Read questions: one a line, or in a .jsonl file the field `question` of each line."""
    with reading_file(path, "questions in UTF-8"):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if path.suffix != ".jsonl":
        return lines
    questions = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise RecordError(f"{path}:{number}", "(whole line)", "JSON", str(error)) from None
        if not isinstance(row, dict) or not isinstance(row.get("question"), str):
            raise RecordError(f"{path}:{number}", "question", "a text", row)
        questions.append(row["question"])
    return questions
