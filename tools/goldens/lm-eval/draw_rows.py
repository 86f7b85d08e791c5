"""Draws rows of published files, one folder a task, for both `gmoe eval --data` and the harness.

    python tools/goldens/lm-eval/draw_rows.py ROWS 300 arc_easy=arc-easy-dev.jsonl piqa=valid.jsonl ...

Each file (.gz too) is in the task's published form; ROWS/TASK/ gets its rows under the name of the task's test file, those with the
least sha256 of their text first. HellaSwag's rows may have lost their activity label to the front of `ctx`: it is taken off again.
"""
import gzip
import hashlib
import json
import sys
from pathlib import Path

from local_tasks import FILES


def main(out, count, *sources):
    for source in sources:
        task, file = source.split("=", 1)
        opened = gzip.open(file, "rt", encoding="utf-8") if file.endswith(".gz") else open(file, encoding="utf-8")
        with opened as lines:
            rows = [line.strip() for line in lines if line.strip()]
        rows.sort(key=lambda row: hashlib.sha256(row.encode()).digest())
        folder = Path(out) / task
        folder.mkdir(parents=True, exist_ok=True)
        drawn = [json.dumps(published(task, json.loads(row)), ensure_ascii=False) for row in rows[: int(count)]]
        (folder / FILES[task][1]).write_text("".join(f"{row}\n" for row in drawn), encoding="utf-8")
        print(f"{task}: {len(drawn)} of {len(rows)} rows of {file}")


def published(task, row):
    if task != "hellaswag" or "ctx_a" in row:
        return row
    activity, context = row["ctx"].split(": ", 1)
    return {**row, "activity_label": activity, "ctx_a": context, "ctx_b": "", "ctx": context}


main(*sys.argv[1:])
