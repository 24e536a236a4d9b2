"""The real benchmarks: one line each. From upstream's files or from the Hub, the same parsers read both."""

from pathlib import Path

from specialize.core.params.datasets import DatasetParams, Source
from specialize.data import hub
from specialize.data.benchmarks import asdiv, bbh, gsm8k, multiarith, svamp
from specialize.data.benchmarks.benchmark import Benchmark
from specialize.data.benchmarks.local_files import existing
from specialize.data.raw_dataset import RawDataset
from specialize.records.problems import Problem

BENCHMARKS: dict[str, Benchmark] = {
    "gsm8k": gsm8k.BENCHMARK,
    "multiarith": multiarith.BENCHMARK,
    "asdiv": asdiv.BENCHMARK,
    "svamp": svamp.BENCHMARK,
    "bbh": bbh.BENCHMARK,
}


def read_benchmark(
    name: str, dataset: DatasetParams, source: Source, root: Path, exemplars: list[Problem], with_train: bool
) -> RawDataset:
    """Return the problems of a benchmark. root: folder of the raw files; exemplars: for one without its own.

    Raises RecordError or SpecializeError, see the readers.
    """
    benchmark = BENCHMARKS[name]
    # The exemplars first: a missing folder should not show only after a download.
    shots = benchmark.exemplars(root / name) if benchmark.exemplars else exemplars

    def problems(part: str) -> list[Problem]:
        if source == "files":
            rows = benchmark.read(existing(root / name / benchmark.files[part]))
        else:
            rows = hub.part_rows(dataset.hub or benchmark.hub, part, root, benchmark.parts_are_configs)
        return benchmark.problems(rows, part)

    train = problems("train") if with_train and "train" in benchmark.files else []
    return RawDataset([problem for part in benchmark.evaluation_parts for problem in problems(part)], shots, train)
