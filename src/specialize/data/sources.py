"""Where problems come from: the procedural world, or benchmarks from files or from the Hub."""

from pathlib import Path

from specialize.core.params.data import DataParams
from specialize.data.benchmarks import registry
from specialize.data.procedural import datasets
from specialize.data.raw_dataset import RawDataset


def check_names(params: DataParams) -> None:
    """Raise ParamsError where the source has no such dataset, or where one without a train part is the seed."""
    if params.source == "procedural":
        datasets.check_names(params)
    else:
        registry.check_names(params)


def collect(params: DataParams, root: Path, exemplars: Path) -> dict[str, RawDataset]:
    """Return name → problems of every dataset asked for. root: folder of the raw files; exemplars: worked problems."""
    check_names(params)
    if params.source == "procedural":
        return datasets.collect(params)
    return registry.collect(params, root, exemplars)
