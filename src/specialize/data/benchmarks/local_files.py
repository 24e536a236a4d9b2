"""Rows of upstream's own files (`data.source: files`)."""

from pathlib import Path
from typing import Any

from specialize.core.errors import RecordError, SpecializeError
from specialize.core.files import read_json, read_rows
from specialize.data.benchmarks.asdiv_xml import read_xml
from specialize.data.benchmarks.fields import Row


def rows(root: Path, dataset: str, part: str) -> list[Row]:
    """Return the rows of a dataset; `part` is `train` or `test`, or the task of BBH.

    Raises SpecializeError where the file is missing, RecordError where it cannot be decoded.
    """
    match dataset:
        case "gsm8k":
            return list(read_rows(existing(root / "gsm8k" / f"{part}.jsonl")))
        case "multiarith":
            return _array(existing(root / "multiarith" / "MultiArith.json"))
        case "svamp":
            return _array(existing(root / "svamp" / "SVAMP.json"))
        case "asdiv":
            return read_xml(existing(root / "asdiv" / "ASDiv.xml"))
        case "bbh":
            return _examples(existing(root / "bbh" / "bbh" / f"{part}.json"))
    raise SpecializeError(f"data.source 'files' has no dataset '{dataset}'")


def bbh_prompt(root: Path, task: str) -> Row:
    """Return (path, text) of a task's worked shots, which only upstream's repository has, no copy on the Hub."""
    hint = "BBH's exemplars come from upstream's cot-prompts, also where the questions come from the Hub"
    path = existing(root / "bbh" / "cot-prompts" / f"{task}.txt", hint)
    try:
        return str(path), path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}:1", "(whole file)", "text in UTF-8", str(error)) from None


def existing(path: Path, hint: str = "") -> Path:
    """Return `path`, or raise the error that says what to do about a missing file."""
    if path.is_file():
        return path
    advice = "Set data.root to the folder that holds upstream's files, laid out as upstream has them"
    raise SpecializeError(f"{path}: no such file. {advice}" + (f". {hint}" if hint else ""))


def _array(path: Path) -> list[Row]:
    return _indexed(str(path), read_json(path))


def _examples(path: Path) -> list[Row]:
    content = read_json(path)
    if not isinstance(content, dict) or "examples" not in content:
        raise RecordError(f"{path}:1", "examples", "an object with a list 'examples'", content)
    return _indexed(f"{path}:examples", content["examples"])


def _indexed(where: str, content: Any) -> list[Row]:
    if not isinstance(content, list):
        raise RecordError(f"{where}:1", "(whole file)", "a JSON array of rows", content)
    return [(f"{where}[{index}]", row) for index, row in enumerate(content)]
