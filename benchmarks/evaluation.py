"""What it takes to have a student's checkpoints answer the default's questions, and to score them.

    PYTHONPATH=src .venv/bin/python benchmarks/evaluation.py --results RESULTS --student m

RESULTS: a results folder with the student's checkpoints and the problems, of a run of params.yaml. Rivals, in one run,
on the same prompts, one thread, processor time:

- transformers, a prompt at a time in the order of the file, as an evaluation script writes it;
- transformers, our batches; CTranslate2 in fp32, our batches, its conversion included;
- 16 samples to a question by our sampling, and by `generate(num_return_sequences=16)`.

Each rival's texts are compared with those of the first. Then whole commands, as the rules run them: `generate` and
`score` of the student, beside a process for each checkpoint that decodes with transformers, as it was before.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import torch
from measure import write

from specialize.core.files import json_text, parse_record, read_json
from specialize.core.params.evaluation.generation import GenerationParams
from specialize.core.params.load import load_params
from specialize.evaluate.ctranslate2_engine import Engine
from specialize.evaluate.generate import Checkpoint, DecodingLimits, end_tokens, generate, load_checkpoint
from specialize.evaluate.predict import read_benchmark
from specialize.evaluate.prompts import prompts_of
from specialize.evaluate.sampling import sample
from specialize.lineage.write_recipes import recipe_texts
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.problems import ProblemIndex

SAMPLES = 16
TEMPERATURE = 0.7


def prompt_at_a_time(checkpoint: Checkpoint, texts: Sequence[str], limits: DecodingLimits) -> list[str]:
    """Return the greedy answers as a plain script has them."""
    return [_by_generate(checkpoint, [text], limits)[0] for text in texts]


def sampled_by_transformers(checkpoint: Checkpoint, texts: Sequence[str], limits: DecodingLimits) -> list[str]:
    """Return 16 samples to each text by transformers' own sampling, in batches of 32 questions."""
    written = []
    for begin in range(0, len(texts), 32):
        written += _by_generate(
            checkpoint, texts[begin : begin + 32], limits,
            do_sample=True, temperature=TEMPERATURE, top_k=0, num_return_sequences=SAMPLES,
        )  # fmt: skip
    return written


def _by_generate(checkpoint: Checkpoint, texts: Sequence[str], limits: DecodingLimits, **options: Any) -> list[str]:
    tokenizer, model = checkpoint.encoding.tokenizer, checkpoint.model
    rows = [ids[-limits.max_source_tokens :] for ids in checkpoint.encoding.source_ids(texts)]
    batch = tokenizer.pad({"input_ids": rows}, return_tensors="pt")
    begin = 1 if model.config.is_encoder_decoder else batch["input_ids"].shape[1]
    with torch.inference_mode():
        written = model.generate(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], max_new_tokens=limits.max_new_tokens,
            eos_token_id=end_tokens(checkpoint), pad_token_id=tokenizer.pad_token_id,
            **({"do_sample": False} | options),
        )  # fmt: skip
    return [text.strip() for text in tokenizer.batch_decode(written[:, begin:], skip_special_tokens=True)]


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return processor seconds of all threads, and the result."""
    begin = time.process_time()
    result = run()
    return time.process_time() - begin, result


def decoding(results: Path, student: str, params: GenerationParams, limit: int) -> list[dict[str, Any]]:
    """Return a row for each rival, over all checkpoints and benchmarks."""
    index = parse_record("index.json", read_json(results / "problems" / "index.json"), ProblemIndex)
    limits = DecodingLimits(params.batch_size, params.max_source_tokens, params.max_new_tokens, params.batch_tokens)
    drawn = params.model_copy(update={"samples": SAMPLES, "temperature": TEMPERATURE})
    seconds: dict[str, float] = {}
    equal: dict[str, int] = {}
    prompts = 0

    def count(name: str, spent: float, found: Sequence[str] | None = None, truth: Sequence[str] = ()) -> None:
        seconds[name] = seconds.get(name, 0.0) + spent
        if found is not None:
            equal[name] = equal.get(name, 0) + sum(a == b for a, b in zip(found, truth, strict=True))

    for path in sorted((results / "checkpoints" / student).glob("step-*/manifest.json")):
        manifest = parse_record(str(path), read_json(path), CheckpointManifest)
        checkpoint = load_checkpoint(path.parent, manifest.prompts, threads=1)
        spent, engine = timed(lambda c=checkpoint, p=path: Engine(c, p.parent, threads=1))
        count("CTranslate2 fp32, our batches", spent)
        for name, summary in sorted(index.datasets.items()):
            asked = prompts_of(read_benchmark(results / "problems" / name, summary, params), params, checkpoint.count)
            asked = asked[:: max(1, len(asked) // limit)][:limit]
            texts, keys = [prompt.text for prompt in asked], [f"{p.problem.id}/{p.format}" for p in asked]
            prompts += len(texts)
            spent, truth = timed(lambda: prompt_at_a_time(checkpoint, texts, limits))  # noqa: B023
            count("transformers, a prompt at a time", spent, truth, truth)
            spent, (found, _) = timed(lambda: generate(checkpoint, texts, limits))  # noqa: B023
            count("transformers, our batches", spent, [answer.text for answer in found], truth)
            spent, (found, _) = timed(lambda: engine.generate(texts, limits))  # noqa: B023
            count("CTranslate2 fp32, our batches", spent, [answer.text for answer in found], truth)
            spent, _ = timed(lambda: sample(checkpoint, texts, keys, limits, drawn))  # noqa: B023
            count(f"{SAMPLES} samples, shared beginnings", spent)
            spent, _ = timed(lambda: sampled_by_transformers(checkpoint, texts, limits))  # noqa: B023
            count(f"{SAMPLES} samples, transformers", spent)
            print(path.parent.name, name, {key: round(value, 1) for key, value in seconds.items()}, flush=True)
    first = seconds["transformers, a prompt at a time"]
    return [
        {"rival": name, "prompts": prompts, "cpu_s": spent, "times_faster": first / spent, "equal": equal.get(name)}
        for name, spent in seconds.items()
    ]


def commands(results: Path, student: str, params_file: Path) -> list[dict[str, Any]]:
    """Return processor seconds of whole commands, as the rules run them."""
    project = Path(__file__).resolve().parents[1]
    texts = recipe_texts(load_params(params_file), project)
    manifests = sorted((results / "checkpoints" / student).glob("step-*/manifest.json"))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe = folder / "generate.json"
        by_transformers = folder / "transformers.json"
        scoring = folder / "score.json"
        recipe.write_text(texts["evaluate/generate.json"])
        scoring.write_text(texts["evaluate.json"])
        other = read_json(recipe)
        other["params"]["engine"] = "transformers"
        by_transformers.write_text(json_text(other))
        problems = ["--problems", str(results / "problems")]

        def one(recipe: Path, out: str, chosen: Sequence[Path]) -> float:
            given = [
                "generate",
                "--recipe",
                recipe,
                *problems,
                "--work",
                folder / f"{out}.work",
                "--output",
                folder / out,
            ]
            return _cpu([*given, *chosen])

        before = sum(one(by_transformers, f"before.{n}", [path]) for n, path in enumerate(manifests))
        now = one(recipe, "now", manifests)
        predictions = sorted((folder / "now").rglob("*.parquet"))
        pairs = [
            pair
            for path in predictions
            for earlier in folder.glob(f"before.*/{path.parent.name}/{path.name}")
            for pair in zip(_texts(path), _texts(earlier), strict=True)
        ]
        score = _cpu(["score", "--recipe", scoring, *problems, "--output", folder / "scores", *predictions])
        rows.append({"command": "generate: a process for each checkpoint, transformers", "cpu_s": before})
        same = {"texts": len(pairs), "equal": sum(one == other for one, other in pairs)}
        rows.append({"command": "generate: a process for the student, engine auto", "cpu_s": now, **same})
        rows.append({"command": f"score: {len(predictions)} files of predictions", "cpu_s": score})
    return rows


def _texts(path: Path) -> list[str]:
    texts: list[str] = parquet.read_table(path)["text"].to_pylist()
    return texts


def _cpu(arguments: Sequence[Any]) -> float:
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "specialize.evaluate", *map(str, arguments)], check=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--student", default="m")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--limit", type=int, default=100, help="prompts of each benchmark")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    everything = load_params(args.params).evaluate.model_dump()
    params = GenerationParams(**{name: everything[name] for name in GenerationParams.model_fields})
    whole = commands(args.results, args.student, args.params)
    rows = decoding(args.results, args.student, params, args.limit)
    steps = sorted(
        path.parent.name for path in (args.results / "checkpoints" / args.student).glob("step-*/manifest.json")
    )
    write(
        "evaluation", "Answers to the default's questions", rows, "torch", "transformers", "ctranslate2",
        student=args.student, checkpoints=steps, samples=SAMPLES, temperature=TEMPERATURE, commands=whole,
    )  # fmt: skip
    for row in whole:
        same = f"; {row['equal']} of {row['texts']} texts equal" if "texts" in row else ""
        print(f"{row['cpu_s']:8.1f} s  {row['command']}{same}")


if __name__ == "__main__":
    main()
