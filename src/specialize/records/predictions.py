"""results/predictions/{student}/step-{n}/{benchmark}.parquet: what a checkpoint answered and whether it was right."""

import pyarrow as pa

PREDICTIONS_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("split", pa.string()),
        ("format", pa.string()),
        ("text", pa.string()),
        ("gold", pa.string()),
        ("answers", pa.map_(pa.string(), pa.string())),
        ("correct", pa.map_(pa.string(), pa.bool_())),
    ]
)
"""One row per problem and format.

id        of the problem
text      what the checkpoint generated
gold      the problem's answer
answers   reading → the answer found in the text, null where none was
correct   reading → whether it is the gold answer
"""
