"""Params files spoilt by seed: `check` and `recipes` must take them, or refuse them in 1 to 20 lines with status 2.

    python tests/mutations/mutate_params.py --count 500 --seed 1

Every refusal must leave results/ as it was. A file that is taken must also give recipes within memory and time.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from hostile import mutate_bytes, mutate_tree
from outcome import Tally, attempt, digests
from ruamel.yaml import YAML

from specialize.__main__ import main as specialize

PROJECT = Path(__file__).resolve().parents[2]
NEEDED = ("workflow", "prompts", "requirements.lock")
OF_RAW_FILES = ("modern", "paper", "recorded")
"""Presets whose recipes hash files that are not here: they are checked only."""
BOMBS: dict[str, str] = {
    "billion laughs": "a: &a [1,1,1,1,1,1,1,1,1]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)),
    "quadratic": "a: &a " + "x" * 50_000 + "\nb: [" + ", ".join(["*a"] * 40_000) + "]\n",
    "deep list": "data: " + "[" * 20_000 + "]" * 20_000 + "\n",
    "deep map": "".join(" " * depth + "a:\n" for depth in range(600)),
    "huge number": "seed: " + "9" * 5000 + "\n",
    "merge": "<<: [{a: 1}, {b: 2}]\n",
    "recursive": "data: &d {root: *d}\n",
    "python": "data: !!python/object/apply:os.system ['touch pwned']\n",
    "tag": "data: !x {}\n",
    "binary": "data: !!binary aGVsbG8=\n",
    "date": "data: 2026-13-45T99:99:99\n",
    "set": "data: !!set {a, b}\n",
    "two documents": "---\na: 1\n---\nb: 2\n",
    "many keys": "".join(f"key{number}: 1\n" for number in range(12_000)),
    "long line": "data: " + "x" * 250_000 + "\n",
    "too long": "# " + "x" * 300_000 + "\n",
    "anchors": "".join(f"a{number}: &a{number} {{}}\n" for number in range(5000)),
    "omap": "data: !!omap [a: 1, a: 2]\n",
    "float": "data: .nan\ntrain: -.inf\n",
    "directive": "%YAML 9.9\n---\ndata: 1\n",
    "key is a list": "? [a, b]\n: 1\n",
    "key is a mapping": "? {a: b}\n: 1\n",
    "key is null": "~: 1\n",
    "no key": ": 1\n",
}


def trees(folder: Path = PROJECT) -> list[tuple[str, str, Any]]:
    """Return (name, text, tree) of params.yaml and of every preset."""
    paths = [folder / "params.yaml", *sorted((folder / "presets").glob("*.yaml"))]
    return [(path.stem, path.read_text("utf-8"), YAML(typ="safe", pure=True).load(path)) for path in paths]


def spoilt(rng: Random, text: str, tree: Any) -> tuple[str, str, bytes]:
    """Return the kind of damage, what was done, and the bytes of a params file."""
    kind: str = rng.choice(("value",) * 10 + ("bytes", "lines", "bomb", "two"))
    if kind == "bytes":
        return kind, *mutate_bytes(rng, text.encode())
    if kind == "lines":
        return kind, *_lines(rng, text)
    if kind == "bomb":
        name = rng.choice(list(BOMBS))
        where = rng.choice(("alone", "behind", "before"))
        whole = {"alone": BOMBS[name], "behind": text + BOMBS[name], "before": BOMBS[name] + text}[where]
        return kind, f"{name}, {where}", whole.encode()
    said = []
    for _ in range(1 if kind == "value" else 3):
        what, tree = mutate_tree(rng, tree)
        said.append(what)
    return kind, "; ".join(said), _dumped(tree)


def _lines(rng: Random, text: str) -> tuple[str, bytes]:
    lines = text.splitlines()
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    changes: dict[str, Callable[[], Any]] = {
        "gone": lambda: lines.pop(at),
        "twice": lambda: lines.insert(at, lines[at]),
        "elsewhere": lambda: lines.insert(other, lines.pop(at)),
        "indented": lambda: lines.__setitem__(at, " " + lines[at]),
        "not indented": lambda: lines.__setitem__(at, lines[at].lstrip()),
        "tab": lambda: lines.__setitem__(at, "\t" + lines[at]),
        "no colon": lambda: lines.__setitem__(at, lines[at].replace(":", "", 1)),
        "no blank": lambda: lines.__setitem__(at, lines[at].replace(": ", ":", 1)),
        "quote": lambda: lines.__setitem__(at, lines[at] + ' "'),
        "bracket": lambda: lines.__setitem__(at, lines[at] + " ["),
    }
    kind = rng.choice(list(changes))
    changes[kind]()
    return f"line {at + 1} {kind}", "\n".join([*lines, ""]).encode()


def _dumped(tree: Any) -> bytes:
    """Return YAML as JSON spells it: every text quoted and escaped, every number as Python prints it."""
    sys.set_int_max_str_digits(0)
    return json.dumps(tree).replace("NaN", ".nan").replace("Infinity", ".inf").encode()


def run(count: int, seed: int, verbose: bool = False) -> Tally:
    """Try `count` spoilt params files."""
    rng, tally, given = Random(seed), Tally(), trees()
    with TemporaryDirectory() as name:
        folder = Path(name)
        for part in NEEDED:
            source = PROJECT / part
            copytree(source, folder / part) if source.is_dir() else (folder / part).write_bytes(source.read_bytes())
        file, kept = folder / "params.yaml", folder / "results"
        file.write_text(given[-1][1], "utf-8")
        assert attempt(lambda: _both(folder)).faults() == []
        (kept / "report").mkdir()
        (kept / "report" / "table.txt").write_text("work that nobody wants to lose")
        for number in range(count):
            preset, text, tree = given[number % len(given)]
            kind, what, content = spoilt(rng, text, tree)
            file.write_bytes(content)
            before = digests(kept)
            outcome = attempt(partial(_both, folder, preset not in OF_RAW_FILES))
            lost = ["results changed"] if outcome.status == 2 and digests(kept) != before else []
            tally.add(kind, f"{preset}: {what}", outcome, *lost)
            if verbose:
                print(f"{number} {outcome.status} {preset} {kind}: {what}\n    {outcome.said[:600]}")
    return tally


def _both(folder: Path, recipes: bool = True) -> int:
    os.chdir(folder)
    return specialize(["check", "params.yaml"]) or (specialize(["recipes"]) if recipes else 0)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="print what each mutation led to")
    args = parser.parse_args(argv)
    tally = run(args.count, args.seed, args.verbose)
    print("\n".join(tally.lines()))
    return bool(tally.failures)


if __name__ == "__main__":
    sys.exit(main())
