"""Rows from the Hugging Face Hub, or from folders in its layouts, through `datasets`."""

from pathlib import Path
from typing import Any

from specialize.core.errors import RecordError, SpecializeError
from specialize.core.params.datasets import HubCopy, HubParams
from specialize.data.fields import Row

PARQUET = "refs/convert/parquet"


def part_rows(hub: HubParams, part: str, root: Path, parts_are_configs: bool = False) -> list[Row]:
    """Return the rows of a part (`train`, `validation`, `test`), empty where the Hub has no split for it.

    root: folder of the raw files, for ids that name a folder. parts_are_configs: the part is the name of a
    configuration, not of a split (BIG-Bench-Hard's tasks).
    """
    copy = hub.evaluation or hub
    if parts_are_configs:
        return load(copy, part, copy.test, root)
    if part == "test":
        return load(copy, copy.config, copy.test, root)
    split = hub.train if part == "train" else hub.validation
    return load(hub, hub.config, split, root) if split else []


def load(hub: HubCopy, config: str | None, split: str, root: Path) -> list[Row]:
    """Return the rows of one split, columns renamed to upstream's fields by `hub.columns`.

    Raises SpecializeError where the Hub does not give the dataset, RecordError where a column is missing.
    """
    where = f"{hub.id}{f'/{config}' if config else ''}{f'@{hub.revision}' if hub.revision else ''}:{split}"
    try:
        table = _table(hub, config, split, root / hub.id)
    except Exception as error:  # the library raises whatever its network, cache and file readers raise
        reason = " ".join(str(error).split()) or type(error).__name__
        script = f"; a dataset that is a script may be had at revision '{PARQUET}'" if "script" in reason else ""
        raise SpecializeError(
            f"{where}: the Hub does not give this dataset: {reason[:300]}. Check data.datasets.<name>.hub (id, config, "
            f"revision, split names), or read it from files{script}"
        ) from None
    names = list(table.column_names)
    for field, column in hub.columns.items():
        if column not in names:
            raise RecordError(where, field, f"a column '{column}' (data.datasets.<name>.hub.columns)", names)
    renamed = set(hub.columns.values())
    return [
        (
            f"{where}[{index}]",
            {
                **{column: cell for column, cell in row.items() if column not in renamed},
                **{field: row[column] for field, column in hub.columns.items()},
            },
        )
        for index, row in enumerate(table)
    ]


def _table(hub: HubCopy, config: str | None, split: str, folder: Path) -> Any:
    import datasets  # heavy: a second to import

    if (folder / "dataset_dict.json").is_file():  # written by DatasetDict.save_to_disk
        saved = datasets.load_from_disk(str(folder))
        return datasets.concatenate_datasets([saved[name] for name in split.split("+")])
    if (folder / "state.json").is_file():  # by Dataset.save_to_disk, which knows no splits
        if split != hub.test:
            raise ValueError("the folder was saved without splits; set hub.train and hub.validation to null")
        return datasets.load_from_disk(str(folder))
    return datasets.load_dataset(
        str(folder) if folder.is_dir() else hub.id,
        config,
        revision=hub.revision,
        split=split,
        data_dir=hub.data_dir,
        data_files=hub.data_files,
    )
