"""A few rows of every task with the EleutherAI harness's scores for the bundled model, for a test that needs nothing else.

    python tools/goldens/lm-eval/harness_golden.py ROWS > apps/runner/src/testing/lm-eval-scores.json

ROWS is what `draw_rows.py` wrote; of it the first rows of the data sets that may be carried (DATA's licences: CC BY, CC BY-SA, MIT, Apache). The other
tasks have the rows that `harness_requests.py` made up.
"""
import contextlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import torch
from harness_scores import language_model, score
from local_tasks import FILES

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / "models/openstax-2m"
MADE_UP = ROOT / "libs/datasets/src/testing/lm-eval-requests.json"
CARRIED = ["arc_easy", "arc_challenge", "openbookqa", "boolq", "winogrande", "hellaswag", "commonsense_qa"]
COUNT = 4


def main(rows_dir):
    torch.set_num_threads(1)
    lm = language_model(MODEL, MODEL)
    made_up = {each["task"]: each["rows"] for each in json.loads(MADE_UP.read_text())["tasks"]}
    golden = []
    for task, (product, file) in FILES.items():
        if task in CARRIED:
            lines = (Path(rows_dir) / task / file).read_text(encoding="utf-8").splitlines()
            rows = [json.loads(line) for line in sorted(lines, key=len)[:COUNT]]
        else:
            rows = made_up[task]
        with contextlib.redirect_stdout(sys.stderr):
            scored = score(lm, task, rows)
        for each in scored:
            each["scores"] = [float(f"{value:.7g}") for value in each["scores"]]
        golden.append({"task": product, "file": file, "rows": rows, "scored": scored})
    json.dump({"lm_eval": version("lm_eval"), "tasks": golden}, sys.stdout, ensure_ascii=False, indent=1)
    print()


main(*sys.argv[1:])
