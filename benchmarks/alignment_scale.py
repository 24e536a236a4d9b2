"""200,000 completions with top-5 into a tokenizer's tokens, shard by shard through the door, as a run does.

The completions are the 50 real codex ones of one question over and over, each with its own small change of the numbers
that the teacher told, in `--shards` files; the tokenizer is T5's. Every shard is a process of its own, `--jobs` at a
time; peak memory is the highest of any, and must not grow with the number of completions: the first shard is run
once alone at a tenth of its size.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import measure
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from specialize.core.answers import rationale_of, strict_answer
from specialize.core.files import write_text
from specialize.core.params.traces import TracesParams
from specialize.lineage.recipe import recipe_text
from specialize.records.recipes import Recipe
from specialize.traces.logprob_batches import SCHEMA, recorded_batches
from specialize.traces.rationale import tidied
from specialize.traces.tokenizers import load_tokenizer, save_tokenizer

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ROW_GROUP = 2000
CODE = """
import resource, sys
from specialize.traces.__main__ import main
status = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
sys.exit(status)
"""


def make(folder: Path, completions: int, shards: int) -> list[Path]:
    """Write shards of completions and one file of all their traces."""
    real = [batch.to_pylist()[0] for batch in recorded_batches(DATA / "teacher" / "codex_logprobs.jsonl")][:50]
    texts = [(tidied(rationale_of(row["text"]))[0], strict_answer(row["text"])) for row in real]
    random = np.random.default_rng(1)
    per_shard = completions // shards
    paths = []
    kinds = {"question": pa.string(), "rationale": pa.string(), "answer": pa.string()}
    keys = {name: SCHEMA.field(name).type for name in ("problem_id", "teacher", "sample")}
    with pq.ParquetWriter(folder / "traces.parquet", pa.schema(keys | kinds), compression="zstd") as traces:
        for shard in range(shards):
            paths.append(folder / f"part-{shard:05d}.parquet")
            with pq.ParquetWriter(paths[-1], SCHEMA, compression="zstd") as writer:
                for begin in range(0, per_shard, ROW_GROUP):
                    rows, told = [], []
                    for number in range(begin, min(begin + ROW_GROUP, per_shard)):
                        row, (rationale, answer) = real[number % len(real)], texts[number % len(real)]
                        key = {
                            "problem_id": f"q/{shard:03}/{number // 40:06}",
                            "teacher": "codex",
                            "sample": number % 40,
                        }
                        shift = random.random() * 1e-3
                        rows.append(row | key | {"token_logprobs": [p - shift for p in row["token_logprobs"]]})
                        told.append(key | {"question": "?", "rationale": rationale, "answer": answer})
                    writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
                    traces.write_table(pa.Table.from_pylist(told, schema=pa.schema(keys | kinds)))
    return paths


def run_shard(folder: Path, recipe: Path, completions: Path) -> int:
    """Align one shard through the door; return its peak resident memory in bytes."""
    command = [sys.executable, "-c", CODE, "targets", "--recipe", recipe, "--tokenizer", folder / "t5",
               "--traces", folder / "traces.parquet", "--completions", completions,
               "--output", folder / "aligned" / completions.name,
               "--coverage", folder / "aligned" / f"{completions.stem}.coverage.json"]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    return int(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--completions", type=int, default=200_000)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_tokenizer(load_tokenizer(str(DATA / "tokenizers" / "t5")), folder / "t5")
        paths = make(folder, args.completions, args.shards)
        small = pq.read_table(paths[0]).slice(0, args.completions // args.shards // 10)
        pq.write_table(small, folder / "part-99999.parquet", compression="zstd", row_group_size=ROW_GROUP)
        for method, groups in (("bytes", "merge"), ("bytes", "one_hot"), ("dtw", "one_hot")):
            params = {"tokenizers": {"t5": {"source": "t5"}}, "alignment": {"method": method, "groups": groups}}
            run = TracesParams.model_validate(params).tokenizer_run("t5", 1.0).model_dump(mode="json")
            recipe = folder / "t5.json"
            write_text(
                recipe, recipe_text(Recipe(phase="traces", name="traces", params=run, code="", rules="", files={}))
            )
            tenth = run_shard(folder, recipe, folder / "part-99999.parquet")
            begin = time.perf_counter()
            with ThreadPoolExecutor(args.jobs) as pool:
                peaks = list(pool.map(partial(run_shard, folder, recipe), paths))
            seconds = time.perf_counter() - begin
            made = sum((folder / "aligned" / path.name).stat().st_size for path in paths)
            counts = [json.loads((folder / "aligned" / f"{p.stem}.coverage.json").read_text())["all"] for p in paths]
            tokens = sum(count["tokens"] for count in counts)
            rows.append({
                "method": f"{method}, {groups}", "seconds": seconds, "completions a second": args.completions / seconds,
                "student tokens a second": tokens / seconds, "peak MB of a shard": max(peaks) / 1e6,
                "peak MB at a tenth": tenth / 1e6, "bytes a token on disk": made / tokens,
            })  # fmt: skip
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    title = (
        f"{args.completions:,} completions in {args.shards} shards, {args.jobs} at a time, reading and writing included"
    )
    measure.write("alignment_scale", title, rows, "pyarrow", "tokenizers", cpu_seconds=used.ru_utime + used.ru_stime)


if __name__ == "__main__":
    main()
