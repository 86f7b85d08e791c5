"""A few rows of data sets as the Hugging Face hub has them: parquet by split, columns and types as published.

    python3 tools/goldens/hub_datasets.py libs/datasets/src/testing/hub

Needs pyarrow.
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

CHOICES = pa.struct([("text", pa.list_(pa.string())), ("label", pa.list_(pa.string()))])
OUT = Path(sys.argv[1])


def write(path, columns, compression="snappy"):
    (OUT / path).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), OUT / path, compression=compression)


def choices(*texts, labels="ABCDE"):
    return {"text": list(texts), "label": list(labels[: len(texts)])}


def questions(name, stem, rows):
    return {
        "id": [f"{name}-{i}" for i in range(len(rows))],
        stem: [row[0] for row in rows],
        "choices": pa.array([row[1] for row in rows], CHOICES),
        "answerKey": [row[2] for row in rows],
    }


ARC = [
    ("Which is a metal?", choices("wood", "iron", "wool"), "B"),
    ("Which is a gas?", choices("iron", "glass", "helium", "salt", labels="1234"), "3"),
]
for split in ("train", "validation", "test"):
    rows = [(f"{stem} ({split})", options, key) for stem, options, key in ARC]
    write(f"arc/ARC-Challenge/{split}-00000-of-00001.parquet", questions(split, "question", rows))
    write(f"arc/ARC-Easy/{split}-00000-of-00001.parquet", questions(split, "question", rows[:1]))
    write(f"openbookqa/main/{split}-00000-of-00001.parquet", questions(split, "question_stem", rows))
write("openbookqa/additional/train-00000-of-00001.parquet", questions("x", "question_stem", []))

SENTENCES = {"sentence": ["a fine film", "a dull film", "a film"], "label": pa.array([1, 0, 1], pa.int64())}
write("sst2/data/train-00000-of-00001.parquet", {"idx": pa.array([0, 1, 2], pa.int32()), **SENTENCES})
write("sst2/data/validation-00000-of-00001.parquet", {"sentence": ["a good one"], "label": pa.array([1], pa.int64())})
write("sst2/data/test-00000-of-00001.parquet", {"sentence": ["unknown"], "label": pa.array([-1], pa.int64())})

for part in (0, 1):
    write(
        f"trec/train-0000{part}-of-00002.parquet",
        {
            "text": [f"What is {part} ?", f"Who is {part} ?"],
            "coarse_label": pa.array([2, 3], pa.int64()),
            "fine_label": pa.array([7, 29], pa.int64()),
        },
        "zstd",
    )
write("trec/test-00000-of-00001.parquet", {"text": ["Where is it ?"], "coarse_label": pa.array([4], pa.int64())})

WINOGRANDE = {"sentence": ["The cup fits the box as _ is small.", "The box holds the cup as _ is big."],
              "option1": ["cup", "cup"], "option2": ["box", "box"], "answer": ["1", "2"]}
for size in ("xs", "xl"):
    write(f"winogrande/winogrande_{size}/train-00000-of-00001.parquet", WINOGRANDE)
write("winogrande/winogrande_xl/validation-00000-of-00001.parquet", {key: value[:1] for key, value in WINOGRANDE.items()})
write("winogrande/winogrande_xl/test-00000-of-00001.parquet",
      {key: [""] if key == "answer" else value[:1] for key, value in WINOGRANDE.items()})

write("boolq/data/train-00000-of-00001.parquet",
      {"question": ["is iron a metal", "is wood a metal"], "answer": [True, False], "passage": ["", ""]})
write("boolq/data/validation-00000-of-00001.parquet", {"question": ["is glass wet"], "answer": [False], "passage": [""]})
