"""Holds `gmoe eval`'s predictions against what `harness_scores.py` kept of the EleutherAI harness on the same rows, example by example.

    npx gmoe eval --base MODEL --task arc-easy --data ROWS/arc_easy --set task.style=lm-eval --scoring log-likelihood --out OURS/arc_easy
    python tools/goldens/lm-eval/compare_scores.py HARNESS OURS arc_easy boolq ...

acc and acc_norm of both are counted from the log-likelihoods. An example whose choice differs is a tie where its two best options are closer than
the log-likelihoods of both programs are to each other. Exits with 1 if another one differs.
"""
import json
import sys
from pathlib import Path


def main(harness, ours, *tasks):
    worst = 0
    for task in tasks:
        theirs = json.loads((Path(harness) / f"{task}.json").read_text())["rows"]
        lines = (Path(ours) / task / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
        worst += compare(task, theirs, [json.loads(line) for line in lines])
    sys.exit(1 if worst else 0)


def compare(task, theirs, mine):
    if len(theirs) != len(mine):
        print(f"{task}: {len(theirs)} rows in the harness, {len(mine)} here")
        return 1
    largest = max(abs(a - b) for row, own in zip(theirs, mine) for a, b in zip(row["scores"], own["scores"], strict=True))
    wrong, ties = [], []
    counts = {"acc": [0, 0], "acc_norm": [0, 0]}
    for row, own in zip(theirs, mine):
        if row["gold"] != own["gold"]:
            wrong.append(f"{own['id']}: right is {row['gold']} there, {own['gold']} here")
        for kind in counts:
            lengths = row["lengths"] if kind == "acc_norm" else [1] * len(row["lengths"])
            a = [score / length for score, length in zip(row["scores"], lengths)]
            b = [score / length for score, length in zip(own["scores"], lengths)]
            chosen = [values.index(max(values)) for values in (a, b)]
            # What the harness itself says of the row must be what its log-likelihoods say.
            if kind in row and row[kind] != int(chosen[0] == row["gold"]):
                wrong.append(f"{own['id']}: {kind} of the harness is {row[kind]}")
            for program in (0, 1):
                counts[kind][program] += chosen[program] == own["gold"]
            # The product's own choice is counted by its scores.
            name = "correct" if kind == "acc" else "correctNorm"
            if name in own and own[name] != (chosen[1] == own["gold"]):
                wrong.append(f"{own['id']}: {name} is {own[name]}")
            if chosen[0] != chosen[1]:
                best = sorted(a)[-2:]
                gap = best[1] - best[0]
                (ties if gap <= largest else wrong).append(f"{kind} {own['id']}: gap {gap:.2e}")
    for kind, (a, b) in counts.items():
        print(f"{task} {kind}: lm-eval {a}/{len(mine)} = {a / len(mine):.4f}, gmoe {b}/{len(mine)} = {b / len(mine):.4f}")
    print(f"{task}: log-likelihoods within {largest:.1e} nats; choices that differ: {len(ties)} ties, {len(wrong)} others")
    for line in wrong + ties:
        print(" ", line)
    return len(wrong)


main(*sys.argv[1:])
