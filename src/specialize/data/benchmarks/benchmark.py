"""What a benchmark is: the contract between `registry.BENCHMARKS` and the module of each benchmark."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from specialize.core.params.datasets import HubParams
from specialize.data.fields import Row
from specialize.records.problems import Problem


@dataclass(frozen=True)
class Benchmark:
    """One benchmark: where its rows are, and how to read them.

    A part is `train`, `test`, or a task of a suite. Everything but `train` is for evaluation.
    """

    files: Mapping[str, str]
    """Part → file in the benchmark's folder, `<data.root>/<name>/`. Recipes hash the whole folder."""
    hub: HubParams
    """Where the Hugging Face Hub has it; `data.datasets.<name>.hub` overrides it. Pin a revision there."""
    read: Callable[[Path], list[Row]]
    """File → rows."""
    problems: Callable[[Iterable[Row], str], list[Problem]]
    """(rows, part) → problems in order."""
    licence: str
    upstream: str
    """Link to upstream's files at a commit."""
    exemplars: Callable[[Path], list[Problem]] | None = None
    """Folder → upstream's own worked problems. None: those of `data.exemplars`."""
    parts_are_configs: bool = False
    """On the Hub each part is a configuration, not a split."""

    @property
    def evaluation_parts(self) -> list[str]:
        return [part for part in self.files if part != "train"]
