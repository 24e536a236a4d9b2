"""A scored student of two checkpoints, as results/ holds it."""

from pathlib import Path

import pyarrow
import pyarrow.parquet as parquet
import pytest
from scored_student import student_tokenizer

from specialize.core.encoding import Encoding
from specialize.core.files import sha256_file, write_json
from specialize.core.model_families import family_of
from specialize.core.params.train import Architecture, FormatWeights, LoraParams, StudentRun
from specialize.records.prompt_style import PLAIN
from specialize.records.recipes import Recipe
from specialize.records.scores import Score, ScoreRow
from specialize.train.checkpoints import Origin, export
from specialize.train.families.family import Student
from specialize.train.lora import add_adapter
from tiny_models import tiny_model

ACCURACIES = {("seed", "world"): (0.1, 0.6), ("generic", "world_generic"): (0.5, 0.2)}


def _score(role: str, benchmark: str, step: int, accuracy: float, checkpoint: str) -> Score:
    maths = role != "generic"
    rows = [
        ScoreRow(
            task=task, split=split, format="zero_shot_chain_of_thought" if maths else "answer_only",
            reading="strict" if maths else "exact", n=20, correct=round(20 * accuracy), accuracy=accuracy,
            low=max(accuracy - 0.1, 0), high=min(accuracy + 0.1, 1),
        )
        for split in ("test", "validation")
        for task in ((None,) if maths else (None, "sorting"))
    ]  # fmt: skip
    plan = {"decoding": "greedy", "max_new_tokens": 8, "confidence": 0.95}
    return Score(
        benchmark=benchmark, role=role, student="nano", step=step, checkpoint=checkpoint, scorer="1",
        prompts={}, plan=plan, rows=rows,
    )  # fmt: skip


@pytest.fixture
def make_scored(tmp_path):
    """Write results/ of a student of the type: checkpoints by the train phase itself, scores by hand."""

    def make(model_type: str, style=PLAIN, lora: LoraParams | None = None, start: str = "scratch") -> Path:
        results, tokenizer = tmp_path / "results", student_tokenizer()
        run = StudentRun(
            student="nano", steps=4, checkpoint_every=4, batch_tokens=600, seed=1, learning_rate=0.01, start=start,
            embedding_learning_rate=0.01, warmup_steps=1, formats=FormatWeights(zero_shot_chain_of_thought=1),
            loss="sample", distribution=None, revision=None, tokenizer="words", prompts=style, lora=lora,
            architecture=Architecture(d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2) if start == "scratch" else None,
        )  # fmt: skip
        parquet.write_table(
            pyarrow.table({"teacher": ["codex", "codex", "gemini"]}), _made(results / "traces") / "traces.parquet"
        )
        recipe = Recipe(
            phase="train", name="train/nano", params=run.model_dump(mode="json"), code="c", rules="r", files={}
        )
        origin = Origin(recipe, {"traces": sha256_file(results / "traces" / "traces.parquet")})
        model = tiny_model(model_type, len(tokenizer))
        if lora:
            model = add_adapter(model, run)
            for name, weight in model.named_parameters():
                if "lora_B" in name:  # zero at the start: an adapter that changes nothing
                    weight.data.normal_()
        student = Student(model, Encoding(tokenizer, family_of(model_type, "a test"), style))
        for step in (0, 4):
            folder = _made(results / "checkpoints" / "nano") / f"step-{step}"
            export(folder, student, step, run, origin)
            for (role, benchmark), accuracies in ACCURACIES.items():
                score = _score(role, benchmark, step, accuracies[step > 0], sha256_file(folder / "manifest.json"))
                write_json(results / "scores" / "nano" / f"step-{step}" / f"{benchmark}.json", score.model_dump())
        return results / "checkpoints" / "nano" / "step-4"

    return make


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
