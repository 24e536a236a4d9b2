"""results/report/scores.parquet and scores.csv: every score of a run in one tidy table, a row for each accuracy."""

import pyarrow

SCHEMA = pyarrow.schema(
    [
        ("student", pyarrow.string()),
        ("seed", pyarrow.int64()),  # of its training; null where the checkpoint does not say
        ("size", pyarrow.int64()),  # parameters of the model
        ("start", pyarrow.string()),  # checkpoint that its training began from, as params.yaml names it
        ("loss", pyarrow.string()),  # sample or distribution
        ("step", pyarrow.int64()),
        ("dataset", pyarrow.string()),
        ("role", pyarrow.string()),  # seed, out_of_distribution, generic or probe
        ("task", pyarrow.string()),  # of a suite; null: the whole dataset
        ("split", pyarrow.string()),  # validation or test
        ("format", pyarrow.string()),  # of the prompt
        ("reading", pyarrow.string()),  # how the answer is read from the text
        ("n", pyarrow.int64()),  # problems
        ("correct", pyarrow.int64()),
        ("accuracy", pyarrow.float64()),  # share of 1; of a suite the mean over its tasks
        ("low", pyarrow.float64()),  # Wilson interval at evaluate.confidence
        ("high", pyarrow.float64()),
    ]
)
KEY = ("student", "step", "dataset", "task", "split", "format", "reading")
"""What identifies a row; the table is sorted by it, null first."""
