"""results/scores/{student}/step-{n}/{benchmark}.parquet: what the judge found in each prediction."""

import pyarrow as pa

JUDGEMENTS_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("split", pa.string()),
        ("format", pa.string()),
        ("sample", pa.int32()),
        ("gold", pa.string()),
        ("answers", pa.map_(pa.string(), pa.string())),
        ("correct", pa.map_(pa.string(), pa.bool_())),
    ]
)
"""One row per prediction, in the same order.

gold      the problem's answer
answers   reading → the answer found in the text, null where none was
correct   reading → whether it is the gold answer
"""
