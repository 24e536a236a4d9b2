"""Files that a command reads, damaged by seed: it must take them, or refuse them in 1 to 20 lines with status 2.

    python tests/mutations/mutate_data.py --count 500 --seed 1

A whole run of presets/tiny.yaml is made first (a minute). Whatever a command refuses, every other file stays as it was.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from shutil import copytree, rmtree
from tempfile import TemporaryDirectory

import pyarrow
import pyarrow.parquet
import tiny_run as run
from hostile import mutate_bytes, mutate_json, mutate_tree
from outcome import Tally, attempt, digests
from tiny_run import ALIGNED, BPE, PART, PROBLEMS, SCORES, TRACES, WORLD, R


@dataclass(frozen=True)
class Case:
    """A command and the files that it reads."""

    name: str
    command: tuple[str, ...]
    reads: tuple[str, ...]
    """Files, or patterns of files."""


CACHE = ("teacher", "cache", "--folder", "cache")
PREPARED = (
    Case("data build, own files", run.OWN, ("raw/own.csv", "raw/own.tsv", "raw/own.jsonl", "raw/own_rows.json", "raw/own.parquet", "raw/own.json", "prompts/maths.jsonl")),
    Case("teacher import", run.IMPORT, ("raw/a.json", "raw/b.jsonl", "raw/import.json", f"{WORLD}/train.jsonl")),
    Case("traces build", run.FILTER, (PART, f"{WORLD}/train.jsonl", f"{WORLD}/test.jsonl", f"{R}/recipes/traces.json")),
    Case("traces tokenizer", run.TOKENIZER, (TRACES, f"{WORLD}/instructions.jsonl", f"{R}/recipes/traces/bpe.json")),
    Case("traces targets", run.TARGETS, (f"{BPE}/tokenizer*.json", TRACES, PART, f"{R}/recipes/traces/bpe.json")),
    Case("traces coverage", run.COVERAGE, (f"{ALIGNED}/part-00000.coverage.json",)),
    Case("traces show", ("traces", "show", "--traces", TRACES, "--problems", f"{WORLD}/exemplars.jsonl"), (TRACES, f"{WORLD}/exemplars.jsonl")),
    Case("traces align, Parquet", ("traces", "align", "--tokenizer", BPE, "--completions", PART), (PART,)),
    Case("traces align, responses", ("traces", "align", "--tokenizer", BPE, "--completions", "raw/b.jsonl"), ("raw/b.jsonl",)),
    Case("traces align, dtw", ("traces", "align", "--tokenizer", BPE, "--completions", "raw/b.jsonl", "--method", "dtw"), ("raw/b.jsonl",)),
    Case("cache import, lines", (*CACHE, "import", "raw/cache.jsonl"), ("raw/cache.jsonl",)),
    Case("cache import, Parquet", (*CACHE, "import", PART), (PART,)),
    Case("cache list", (*CACHE, "list"), ("cache/completions.sqlite3",)),
    Case("cache verify", (*CACHE, "verify"), ("cache/completions.sqlite3",)),
    Case("cache export", (*CACHE, "export", "out/cache.jsonl"), ("cache/completions.sqlite3",)),
    Case("judge", ("evaluate", "judge", "raw/judge.jsonl"), ("raw/judge.jsonl",)),
    Case("judge, CSV", ("evaluate", "judge", "raw/judge.csv"), ("raw/judge.csv",)),
    Case("judge, Parquet", ("evaluate", "judge", "raw/judge.parquet"), ("raw/judge.parquet",)),
    Case("recipes", ("", "recipes"), (f"{R}/**/*provenance.json", f"{R}/recipes/*.json", "requirements.lock", "prompts/maths.jsonl")),
    Case("explain", ("", "explain", TRACES), (f"{R}/**/*provenance.json", f"{R}/recipes/*.json")),
    Case("preview", ("", "preview"), ("params.yaml",)),
)  # fmt: skip
LEARNT = (
    Case("train start", run.START, (f"{WORLD}/instructions.jsonl", f"{BPE}/*.json", f"{R}/recipes/train/starts/generalist.json")),
    Case("train run", run.TRAIN, (TRACES, f"{R}/traces/exemplars.jsonl", f"{BPE}/tokenizer*.json", f"{ALIGNED}/part-00000.parquet", f"{R}/starts/generalist/*", f"{R}/recipes/train/nano.json")),
    Case("evaluate generate", run.GENERATE, (f"{R}/checkpoints/nano/step-4/*", f"{PROBLEMS}/index.json", f"{PROBLEMS}/*/*.jsonl", f"{R}/recipes/evaluate/generate.json")),
    Case("evaluate score", run.SCORE, (f"{R}/predictions/nano/step-*/*", f"{PROBLEMS}/index.json", f"{PROBLEMS}/*/*.jsonl", f"{R}/recipes/evaluate.json")),
    Case("report build", run.REPORT, (*SCORES, f"{R}/scores/nano/selected.json", f"{R}/checkpoints/nano/*.csv", f"{R}/checkpoints/nano/*/manifest.json", f"{R}/scores/nano/*/*.parquet", f"{PROBLEMS}/index.json", f"{R}/traces/funnel.json", f"{ALIGNED}/coverage.json", f"{R}/recipes/report.json")),
    Case("ask", ("", "ask", "2 + 3?", "--max-new-tokens", "4", "--checkpoint", f"{R}/checkpoints/nano/step-4"), (f"{R}/checkpoints/nano/step-4/*",)),
)  # fmt: skip
SCRATCH = ("results/work", "out", "cache", "results/logs", "results/.retired")


def spoilt(rng: Random, path: Path) -> tuple[str, bytes]:
    """Return what was done, and other bytes for a file."""
    content = path.read_bytes()
    if path.suffix in (".json", ".jsonl"):
        return mutate_json(rng, content)
    if path.suffix == ".parquet" and rng.random() < 0.6:
        return _other_rows(rng, path)
    return mutate_bytes(rng, content)


def _other_rows(rng: Random, path: Path) -> tuple[str, bytes]:
    """Return a sound Parquet file with another value, type, column or number of rows in it."""
    table = pyarrow.parquet.read_table(path)
    kind = rng.choice(
        ("value", "value", "types", "column gone", "column twice", "no rows", "rows twice", "order", "nulls")
    )
    name = rng.choice(table.column_names)
    match kind:
        case "column gone":
            table = table.drop_columns([name])
        case "column twice":
            table = table.append_column(name, table.column(name))
        case "no rows":
            table = table.slice(0, 0)
        case "rows twice":
            table = pyarrow.concat_tables([table, table])
        case "order":
            table = table.take(pyarrow.array(rng.sample(range(len(table)), len(table))))
        case "nulls":
            at, column = table.column_names.index(name), table.column(name)
            table = table.set_column(at, name, pyarrow.nulls(len(table), column.type))
        case _:
            rows = table.to_pylist()
            at = rng.randrange(len(rows))
            what, rows[at] = mutate_tree(rng, rows[at])
            kind = f"row {at}: {what}"
            try:  # of the same types where that can be, else of those that the values have
                table = pyarrow.Table.from_pylist(rows, table.schema if "value" in kind else None)
            except (pyarrow.ArrowException, TypeError, AttributeError, OverflowError, ValueError):
                try:
                    table = pyarrow.Table.from_pylist([row if isinstance(row, dict) else {} for row in rows])
                except (pyarrow.ArrowException, TypeError, OverflowError, ValueError):
                    table = table.rename_columns([f"{name}\n" for name in table.column_names])
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink)
    return f"{kind}, {name}", sink.getvalue().to_pybytes()


def try_files(folder: Path, cases: Sequence[Case], count: int, seed: int, verbose: bool = False) -> Tally:
    """Damage one file of a made run at a time, `count` times, each case in turn."""
    rng, tally, work = Random(seed), Tally(), folder.with_name(f"{folder.name}-work")
    copytree(folder, work)
    with run.inside(work):
        for number in range(count):
            case = cases[number % len(cases)]
            pattern = rng.choice(case.reads)
            file = rng.choice(sorted(path for path in Path().glob(pattern) if path.is_file()))
            what, content = spoilt(rng, file)
            file.write_bytes(content)
            before = kept()
            outcome = attempt(partial(run.call, case.command), seconds=90)
            lost = [name for name, digest in before.items() if outcome.status == 2 and kept().get(name) != digest]
            tally.add(case.name, f"{file}: {what}", outcome, *(f"{name} is lost or changed" for name in lost[:3]))
            if verbose:
                print(f"{number} {outcome.status} {case.name} {file}: {what}\n    {outcome.said[:600]}", flush=True)
            if kept() != kept(folder) or number % 25 == 0:
                _restore(folder, work)
    return tally


def kept(folder: Path = Path()) -> dict[str, str]:
    """Return the digests of everything that must not be lost."""
    parts = [path for path in folder.iterdir() if path.name not in SCRATCH]
    found = {str(Path(name).relative_to(folder)): digest for name, digest in digests(*parts).items()}
    found |= digests(*(path for path in parts if path.is_file()))
    for path in parts:
        if path.is_file():
            found[str(path.relative_to(folder))] = str(path.read_bytes())
    return {name: digest for name, digest in found.items() if not name.startswith(SCRATCH)}


def _restore(folder: Path, work: Path) -> None:
    for path in work.iterdir():
        rmtree(path) if path.is_dir() else path.unlink()
    copytree(folder, work, dirs_exist_ok=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="cases whose name holds this text")
    parser.add_argument("--made", type=Path, help="folder of the run: taken if it is there, else made")
    parser.add_argument("--verbose", action="store_true", help="print what each mutation led to")
    args = parser.parse_args(argv)
    cases = [case for case in (*PREPARED, *LEARNT) if not args.only or args.only in case.name]
    with TemporaryDirectory() as temporary:
        made = Path(temporary) / "run"
        if args.made and args.made.is_dir():
            copytree(args.made, made)
        else:
            made.mkdir()
            run.make(made, whole=True)
            if args.made:
                copytree(made, args.made)
        tally = try_files(made, cases, args.count, args.seed, args.verbose)
    print("\n".join(tally.lines()))
    return bool(tally.failures)


if __name__ == "__main__":
    sys.exit(main())
