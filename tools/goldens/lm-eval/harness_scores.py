"""Log-likelihoods of the EleutherAI harness (lm-eval) on the rows that `gmoe eval` scored, held against its predictions.

    npx gmoe eval --base MODEL --task arc-easy --set task.style=lm-eval --scoring log-likelihood --limit 300 --out OUT
    python tools/goldens/lm-eval/harness_scores.py MODEL arc_easy FILE.jsonl OUT/predictions.jsonl

FILE.jsonl holds the task's test rows in their published form (.gz too). Prints the two accuracies of both, and every example
whose choice differs with the gap between its two best options.
"""
import gzip
import json
import sys

import torch
from local_tasks import local_task
from lm_eval.models.huggingface import HFLM
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(model, name, file, predictions):
    torch.set_num_threads(1)
    opened = gzip.open(file, "rt") if file.endswith(".gz") else open(file, encoding="utf-8")
    with opened as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    with open(predictions, encoding="utf-8") as lines:
        ours = [json.loads(line) for line in lines]
    by_id = {row.get("id") or row.get("qID"): row for row in rows}
    chosen = [by_id.get(each["id"]) or rows[int(each["id"].rsplit("-", 1)[1])] for each in ours]
    task = local_task(name, chosen, chosen[:1])
    task.build_all_requests(rank=0, world_size=1)
    lm = HFLM(
        pretrained=AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32),
        tokenizer=AutoTokenizer.from_pretrained(model),
        batch_size=1,
    )
    answers = lm.loglikelihood(task.instances, disable_tqdm=True)
    scores, lengths = {}, {}
    for instance, (score, _) in zip(task.instances, answers):
        scores.setdefault(instance.doc_id, []).append(score)
        choice = instance.args[1][1:] if instance.args[1].startswith(" ") else instance.args[1]
        lengths.setdefault(instance.doc_id, []).append(max(1, len(choice)))
    counts = {"acc": [0, 0], "acc_norm": [0, 0]}
    largest, differing = 0.0, []
    for doc, each in enumerate(ours):
        theirs = scores[doc]
        largest = max(largest, *(abs(a - b) for a, b in zip(theirs, each["scores"])))
        for kind in counts:
            by = (lambda values: [v / n for v, n in zip(values, lengths[doc])]) if kind == "acc_norm" else list
            a, b = by(theirs), by(each["scores"])
            counts[kind][0] += a.index(max(a)) == each["gold"]
            counts[kind][1] += b.index(max(b)) == each["gold"]
            if a.index(max(a)) != b.index(max(b)):
                best = sorted(a)[-2:]
                differing.append(f"{kind} {each['id']}: gap {best[1] - best[0]:.2e}")
    n = len(ours)
    for kind, (theirs, mine) in counts.items():
        print(f"{name} {kind}: lm-eval {theirs}/{n} = {theirs / n:.4f}, gmoe {mine}/{n} = {mine / n:.4f}")
    print(f"{name}: largest difference of a log-likelihood {largest:.2e} nats; differing choices {len(differing)}")
    for line in differing:
        print(" ", line)


main(*sys.argv[1:])
