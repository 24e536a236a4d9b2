"""The paper's numbers, for comparison with a run's: arXiv 2301.12726 v1, accuracies in %.

Cells are as printed there. Table 2 repeats for FlanT5 "before" Table 1's test numbers though it says validation, and
FlanT5's SVAMP before training (39.7, 17.7) cannot come from the 500 problems that the specialised students were scored
on. The values of the figures are not published.
"""

from dataclasses import dataclass

TABLE_1_COLUMNS = ("GSM8K", "MultiArith", "ASDiv", "SVAMP", "BBH answer-only", "BBH chain of thought")


@dataclass(frozen=True)
class Row:
    """A model of Table 1 (test): before and after specialisation, in the order of TABLE_1_COLUMNS."""

    model: str
    parameters: str
    before: tuple[float, ...]
    after: tuple[float, ...]


TABLE_1 = (
    Row("FlanT5-Base", "250M", (3.0, 7.0, 4.2, 3.8, 24.2, 25.9), (13.4, 29.7, 20.9, 14.2, 3.1, 0.1)),
    Row("FlanT5-Large", "760M", (6.9, 13.0, 10.1, 6.8, 30.3, 30.9), (20.2, 38.5, 23.8, 20.4, 6.5, 0.3)),
    Row("FlanT5-XL", "3B", (13.5, 24.0, 20.7, 17.7, 39.9, 35.8), (22.4, 42.3, 28.4, 23.8, 3.2, 0.0)),
    Row("FlanT5-XXL", "11B", (16.1, 51.7, 36.5, 39.7, 47.4, 41.8), (27.1, 63.0, 37.6, 35.6, 19.6, 0.0)),
)

TABLE_2 = (
    ("250M", (3.0, 15.2), (1.8, 14.2)),
    ("760M", (6.9, 21.8), (0.85, 16.2)),
    ("3B", (13.5, 23.8), (0.73, 20.6)),
)
"""GSM8K validation: size, (before, after) from FlanT5, (before, after) from T5."""

TABLE_3 = (
    ("FlanT5-Base", (15.2, 21.7), (13.2, 22.0)),
    ("FlanT5-Large", (21.8, 28.7), (19.2, 30.5)),
    ("FlanT5-XL", (23.8, 33.2), (21.2, 35.0)),
)
"""Validation: model, (GSM8K, mean of the others) of the checkpoint chosen by GSM8K, the same of the one chosen by that
mean."""
