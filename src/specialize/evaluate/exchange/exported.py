"""What every export is made from: a checkpoint's predictions beside their scores and problems."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specialize.core.errors import SpecializeError
from specialize.core.files import parse_record, read_json, read_records
from specialize.evaluate.compare.checkpoint_answers import Checkpoint, read_checkpoint
from specialize.records.problems import Problem
from specialize.records.scores import Score

LIBRARY = "specialize"
VERSION = "0.1.0"


@dataclass(frozen=True)
class Exported:
    """One checkpoint. scores and problems: benchmark → its score; benchmark → (split, id) → problem."""

    checkpoint: Checkpoint
    model: str
    """`organisation/name`"""
    scores: dict[str, Score]
    problems: dict[str, dict[tuple[str, str], Problem]]

    def rows(self, benchmark: str) -> Iterator[tuple[dict[str, Any], Problem]]:
        """Yield each prediction of a benchmark with its problem."""
        known = self.problems[benchmark]
        for row in self.checkpoint.benchmarks[benchmark]:
            problem = known.get((row["split"], row["id"]))
            if problem is None:
                raise SpecializeError(
                    f"{self.checkpoint.predictions}: {benchmark} has an answer to problem {row['id']}, which "
                    f"is not in {self.checkpoint.results / 'problems' / benchmark / row['split']}.jsonl: they are of "
                    "different runs"
                )
            yield row, problem


def exported(path: Path, organisation: str) -> Exported:
    """Read a checkpoint (checkpoint_answers.read_checkpoint), its scores and its problems, which stand beside it.

    Raises SpecializeError where one is missing.
    """
    checkpoint = read_checkpoint(path)
    parts = checkpoint.predictions.relative_to(checkpoint.results).parts
    scores_folder = checkpoint.results / Path("scores", *parts[1:])
    scores: dict[str, Score] = {}
    problems: dict[str, dict[tuple[str, str], Problem]] = {}
    for benchmark, rows in sorted(checkpoint.benchmarks.items()):
        score = scores_folder / f"{benchmark}.json"
        files = [checkpoint.results / "problems" / benchmark / f"{split}.jsonl" for split in {r["split"] for r in rows}]
        if missing := [str(each) for each in (score, *files) if not each.is_file()]:
            raise SpecializeError(
                f"{path}: an export needs the scores and the problems beside the predictions; not there: "
                f"{', '.join(sorted(missing))}"
            )
        scores[benchmark] = parse_record(str(score), read_json(score), Score)
        problems[benchmark] = {
            (each.stem, problem.id): problem for each in files for problem in read_records(each, Problem)
        }
    name = f"{checkpoint.student}-step-{checkpoint.step}"
    return Exported(checkpoint, f"{organisation}/{name}", scores, problems)
