"""Students of four families from published starts, through every phase in one process: problems to answers."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from specialize.core.params.load import load_params
from specialize.data.__main__ import main as data
from specialize.evaluate.__main__ import main as evaluate
from specialize.evaluate.ask import ask
from specialize.evaluate.generate import DecodingLimits
from specialize.lineage.write_recipes import recipe_texts, write_recipes
from specialize.teacher.__main__ import main as teacher
from specialize.traces.__main__ import main as traces
from specialize.train.__main__ import main as train
from tiny_starts import PROJECT, family_params, write_starts

STUDENTS = ("t5", "t5gemma2-matched", "llama-lora", "qwen3-chat")
pytestmark = pytest.mark.e2e


def run(phase, command: str, **options: object) -> None:
    """Run a command of a phase as its rule does."""
    arguments = [command]
    for name, value in options.items():
        values = value if isinstance(value, list) else [value]
        arguments += [f"--{name}", *map(str, values)]
    assert phase(arguments) == 0


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """The results up to the traces, in the tokens of four tokenizers."""
    folder = tmp_path_factory.mktemp("families")
    project = folder / "project"
    (project / "workflow").mkdir(parents=True)
    for file in (PROJECT / "workflow").glob("*.smk"):
        (project / "workflow" / file.name).write_bytes(file.read_bytes())
    write_starts(folder / "raw")
    YAML().dump(family_params(*STUDENTS), project / "params.yaml")
    params = load_params(project / "params.yaml")
    results = project / "results"
    write_recipes(recipe_texts(params, project), results / "recipes")
    recipes, problems, made = results / "recipes", results / "problems", results / "traces"
    run(data, "build", recipe=recipes / "data.json", output=problems)
    seed, completions = problems / "world" / "train.jsonl", results / "completions" / "part-00000.parquet"
    worked = problems / "world" / "exemplars.jsonl"
    run(
        teacher,
        "sample",
        recipe=recipes / "teacher.json",
        problems=seed,
        worked=worked,
        work=folder,
        output=completions,
    )
    kept = {"output": made / "traces.parquet", "exemplars": made / "exemplars.jsonl", "funnel": made / "funnel.json"}
    against = sorted(problems.glob("*/test.jsonl"))
    run(
        traces, "build", recipe=recipes / "traces.json", completions=completions, problems=seed, against=against, **kept
    )
    for name in params.traces.tokenizers:
        recipe, tokenizer = recipes / "traces" / f"{name}.json", made / "tokenizers" / name
        run(traces, "tokenizer", recipe=recipe, root=folder / "raw", output=tokenizer)
        aligned = {"output": made / "aligned" / name / "part-00000.parquet", "coverage": made / f"{name}.json"}
        given = {"traces": kept["output"], "completions": completions}
        run(traces, "targets", recipe=recipe, tokenizer=tokenizer, **given, **aligned)
        run(train, "start", recipe=recipes / "train" / "starts" / f"{name}.json", texts=problems / "world",
            tokenizers=made / "tokenizers", work=folder / "work", output=results / "starts" / name)  # fmt: skip
    return results


@pytest.mark.parametrize("student", STUDENTS)
def test_a_student_of_any_family_goes_the_whole_way(results, student):
    start, made = student.split("-")[0], results / "traces"
    checkpoints = results / "checkpoints" / student
    run(train, "run", recipe=results / "recipes" / "train" / f"{student}.json", traces=made / "traces.parquet",
        exemplars=made / "exemplars.jsonl", tokenizer=made / "tokenizers" / start,
        start=results / "starts" / start / "manifest.json", aligned=made / "aligned" / start / "part-00000.parquet",
        root=results.parents[1] / "raw", work=results / "work", output=checkpoints)  # fmt: skip
    manifests = [json.loads((checkpoints / f"step-{step}" / "manifest.json").read_text()) for step in (0, 2, 4)]
    weights = [manifest["files"]["model.safetensors"] for manifest in manifests]
    assert len(set(weights)) == 3, "two updates change the weights"
    assert ("adapter/adapter_model.safetensors" in manifests[0]["files"]) == student.endswith("lora")
    checkpoint, scores = checkpoints / "step-4", results / "scores" / student
    recipes, answers = results / "recipes", results / "predictions" / student
    manifests = [str(checkpoints / f"step-{step}" / "manifest.json") for step in (0, 4)]
    given = ["--problems", str(results / "problems")]
    generate = ["generate", "--recipe", str(recipes / "evaluate" / "generate.json"), "--work", str(results / "work")]
    assert evaluate([*generate, *given, "--output", str(answers), *manifests]) == 0
    files = sorted(str(path) for path in answers.glob("step-*/*.parquet"))
    score = ["score", "--recipe", str(recipes / "evaluate.json"), *given, "--output", str(scores)]
    assert evaluate([*score, *files]) == 0
    assert {path.stem for path in (scores / "step-4").glob("*.json")} == {"world", "world_plain", "world_generic"}
    ((reply,),) = ask(checkpoint, ["Tom has 3 apples?"], "zero_shot_chain_of_thought", DecodingLimits(1, 256, 8), 1)
    assert reply.tokens > 0
