"""Write the recipes: from params.yaml, the code and the raw files to results/recipes/."""

import hashlib
import os
import tokenize
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.files import read_json, sha256_file, write_text
from specialize.core.params.load import Params
from specialize.core.params.report import ReportRun
from specialize.lineage.code_digest import PACKAGE, code_digest
from specialize.lineage.recipe import recipe_text
from specialize.records.recipes import Recipe

LARGE = 64_000_000
"""Bytes above which a file of a model folder is known by samples of it."""
SAMPLES = 64
SAMPLE_BYTES = 65_536

PHASES = ("data", "teacher", "traces", "train", "evaluate", "report")


def recipe_texts(params: Params, project: Path, package: Path = PACKAGE) -> dict[str, str]:
    """Return file name below results/recipes/ → text, for every recipe that `params` asks for.

    A raw file that this machine lacks keeps the hash that the tracked recipe has: a clone with pulled results needs
    no raw files until the data themselves must be made again.
    """
    root = raw_root(params, project)
    made: dict[str, str] = {}
    for phase in PHASES:
        raw = {"data": params.data.raw_files, "teacher": params.teacher.raw_files}.get(phase, [])
        known = _known_files(project / "results" / "recipes" / f"{phase}.json")
        files = {name: digest for name in raw if (digest := _digest(root / name, known.get(name)))}
        if phase == "data" and params.data.source != "procedural":
            files[params.data.exemplars] = _digest(project / params.data.exemplars, None) or "missing"
            for dataset in params.data.datasets.values():
                if params.data.source == "hub" and dataset.hub and Path(dataset.hub.id).is_absolute():
                    files |= _folder_files(root, dataset.hub.id, known)
        if phase == "teacher" and params.teacher.prompt_file:
            files[params.teacher.prompt_file] = _digest(project / params.teacher.prompt_file, None) or "missing"
        code, rules = (
            code_digest(phase, package),
            rules_digest(project / "workflow" / "common.smk", project / "workflow" / f"{phase}.smk"),
        )
        settings = getattr(params, phase).model_dump(mode="json")
        if phase == "train":
            made |= _start_recipes(params, code, rules) | _student_recipes(params, project, root, code, rules)
            continue
        if phase == "traces":
            made |= _tokenizer_recipes(params, project, root, code, rules)
            settings = params.traces.filtering.model_dump(mode="json")
        if phase == "data":
            settings.pop("root")  # a path says where, not what: the hashes of the files say what
        if phase == "teacher":
            settings.pop("limits")  # how fast and for how much to ask decides no answer
        if phase == "report":
            settings = report_run(params).model_dump(mode="json")
        made[f"{phase}.json"] = _text(phase, settings, code, rules, files)
    return made


def _tokenizer_recipes(params: Params, project: Path, root: Path, code: str, rules: str) -> dict[str, str]:
    """Return a recipe per tokenizer: to learn or fetch it, and to put the traces into its tokens."""
    made = {}
    for name in params.traces.tokenizers:
        run = params.traces.tokenizer_run(name)
        file = f"traces/{name}.json"
        known = _known_files(project / "results" / "recipes" / file)
        source = run.tokenizer.source
        local = {} if source == "learned" else _folder_files(root, source, known)
        made[file] = _text("traces", run.model_dump(mode="json"), code, rules, local)
    return made


def _start_recipes(params: Params, code: str, rules: str) -> dict[str, str]:
    """Return a recipe per start. Those that others made are known by the recipes of the students that load them."""
    runs = {name: params.train.start_run(name) for name in params.train.starts}
    return {
        f"train/starts/{name}.json": _text("train", run.model_dump(mode="json"), code, rules, {})
        for name, run in runs.items()
    }


def _student_recipes(params: Params, project: Path, root: Path, code: str, rules: str) -> dict[str, str]:
    """Return a recipe per student."""
    made = {}
    for name in params.train.students:
        run = params.train.run_of(name)
        file = f"train/{name}.json"
        known = _known_files(project / "results" / "recipes" / file)
        local = {} if run.pretrained or run.start == "scratch" else _folder_files(root, run.start, known)
        made[file] = _text("train", run.model_dump(mode="json"), code, rules, local)
    return made


def report_run(params: Params) -> ReportRun:
    """Return what the report is made of: its own params, and whose scores."""
    return ReportRun(
        **params.report.model_dump(),
        students=list(params.train.students),
        steps=params.train.checkpoint_steps,
        datasets=list(params.data.datasets),
        starts={n: start.pretraining.objective for n, start in params.train.starts.items() if start.pretraining},
    )


def write_recipes(texts: dict[str, str], folder: Path) -> list[str]:
    """Write each recipe whose text changed, remove those that nobody asks for; return the names touched."""
    touched = []
    for name, text in sorted(texts.items()):
        path = folder / name
        if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
            write_text(path, text)
            touched.append(name)
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        if name not in texts:
            path.unlink()
            touched.append(name)
    return touched


def raw_root(params: Params, project: Path) -> Path:
    """Return the folder of raw files. A relative `data.root` counts from the project, also inside `dvc exp run --temp`,
    which works on a copy of the project below `.dvc/tmp/exps/`."""
    resolved = project.resolve()
    for parent in resolved.parents:
        if parent.name == "exps" and parent.parts[-3:-1] == (".dvc", "tmp"):
            resolved = parent.parents[2]
            break
    return Path(os.path.normpath(resolved / Path(params.data.root).expanduser()))


def rules_digest(*paths: Path) -> str:
    """Return the sha256 of rule files' tokens, so that comments, docstrings and layout do not count."""
    digest = hashlib.sha256()
    for path in paths:
        _digest_tokens(path, digest)
    return digest.hexdigest()


def _digest_tokens(path: Path, digest: "hashlib._Hash") -> None:
    line: list[str] = []
    above: list[str] = []
    with path.open("rb") as stream:
        for token in tokenize.tokenize(stream.readline):
            if token.type == tokenize.NEWLINE:
                line, above = [], line
            elif token.type in (tokenize.INDENT, tokenize.DEDENT):
                digest.update(tokenize.tok_name[token.type].encode() + b"\0")
            elif token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING):
                # A text below `shell:` is a command; below `rule name:`, or first in the file, it is a docstring.
                may_be_docstring = not line and (not above or above[0] in ("rule", "checkpoint", "def", "class"))
                line.append(token.string)
                if token.type != tokenize.STRING or not may_be_docstring:
                    digest.update(token.string.encode() + b"\0")


def _text(phase: str, params: dict[str, object], code: str, rules: str, files: dict[str, str]) -> str:
    return recipe_text(Recipe(phase=phase, params=params, code=code, rules=rules, files=dict(sorted(files.items()))))


def _folder_files(root: Path, name: str, known: dict[str, str]) -> dict[str, str]:
    """Return the files of a tokenizer or model folder below `root`. A name that is no folder is a Hugging Face id."""
    folder = root / name
    if not folder.is_dir():
        return {file: digest for file, digest in known.items() if file.startswith(f"{name}/")}
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {f"{name}/{path.relative_to(folder).as_posix()}": _fingerprint(path) for path in paths}


def _fingerprint(path: Path) -> str:
    """Return the sha256 of a file; of a large one, that of its size and of SAMPLES blocks spread over it.

    Recipes are made at every start, and weights take minutes to hash. Two fine-tunes of one model differ everywhere.
    """
    size = path.stat().st_size
    if size <= LARGE:
        return sha256_file(path)
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as stream:
        for number in range(SAMPLES):
            stream.seek((size - SAMPLE_BYTES) * number // (SAMPLES - 1))
            digest.update(stream.read(SAMPLE_BYTES))
    return f"sampled {digest.hexdigest()}"


def _digest(path: Path, known: str | None) -> str | None:
    return sha256_file(path) if path.is_file() else known


def _known_files(path: Path) -> dict[str, str]:
    try:
        return dict(read_json(path)["files"])
    except (FileNotFoundError, SpecializeError, KeyError, TypeError, ValueError):
        return {}
