"""A parquet file as the Hugging Face hub serves ARC: choices as a struct of lists, 64-bit integers, zstd.

    python3 tools/goldens/parquet_questions.py libs/datasets/src/testing/questions.parquet

Needs pyarrow.
"""

import sys

import pyarrow as pa
import pyarrow.parquet as pq

rows = [
    ("q-0", "Which gas do plants take in?", ["oxygen", "carbon dioxide", "helium"], ["A", "B", "C"], "B", 1),
    ("q-1", "Wie heißt der größte Planet?", ["Mars", "Jupiter", "Erde", "Venus"], ["1", "2", "3", "4"], "2", 1),
    ("q-2", "Which is a metal?", ["wood", "glass", "wool", "air", "iron"], ["A", "B", "C", "D", "E"], "E", 4),
]
table = pa.table(
    {
        "id": [row[0] for row in rows],
        "question": [row[1] for row in rows],
        "choices": [{"text": row[2], "label": row[3]} for row in rows],
        "answerKey": [row[4] for row in rows],
        "index": pa.array([row[5] for row in rows], pa.int64()),
    }
)
pq.write_table(table, sys.argv[1], compression="zstd")
