"""Rows of copies on the Hugging Face Hub (`data.source: hub`), under upstream's field names."""

from specialize.core.errors import RecordError, SpecializeError
from specialize.core.params.data import HubParams
from specialize.data.benchmarks.fields import Row


def rows(hub: HubParams, part: str, parts_are_configs: bool) -> list[Row]:
    """Return the rows of a part under upstream's field names.

    parts_are_configs: the part is the name of a configuration, not of a split (BIG-Bench-Hard's tasks).
    """
    if parts_are_configs:
        return load(hub, part, hub.test)
    return load(hub, hub.config, hub.train if part == "train" else hub.test)


def load(hub: HubParams, config: str | None, split: str) -> list[Row]:
    """Return the rows of one split, columns renamed to upstream's fields by `hub.columns`.

    Raises SpecializeError where the Hub does not give the dataset, RecordError where a column is missing.
    """
    import datasets  # heavy: a second to import

    where = f"{hub.id}{f'/{config}' if config else ''}{f'@{hub.revision}' if hub.revision else ''}:{split}"
    try:
        table = datasets.load_dataset(hub.id, config, revision=hub.revision, split=split)
    except Exception as error:  # the library raises whatever its network, cache and file readers raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SpecializeError(
            f"{where}: the Hub does not give this dataset: {reason[:300]}. Check data.datasets.<name>.hub (id, config, "
            "revision, split names), or set data.source to 'files'"
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
