"""Contexts and continuations as the EleutherAI harness (lm-eval) builds them, on rows that are made up here.

    python tools/goldens/lm-eval/harness_requests.py > libs/datasets/src/testing/lm-eval-requests.json

Rows are in the form of the published files; the harness's own task files turn them into requests. Nothing is downloaded.
"""
import json
import sys
from importlib.metadata import version

from local_tasks import FILES, local_task

QUESTIONS = [
    {
        "id": "q-1",
        "question": {
            "stem": "Which gas do plants take in? ",
            "choices": [
                {"label": "1", "text": "oxygen"},
                {"label": "2", "text": " carbon dioxide "},
                {"label": "3", "text": "CO₂ und Größe"},
            ],
        },
        "answerKey": "2",
    },
    {
        "id": "q-2",
        "question": {
            "stem": "  The sun is\n",
            "choices": [
                {"label": "A", "text": "a star"},
                {"label": "B", "text": "a planet"},
                {"label": "C", "text": "北京"},
                {"label": "D", "text": "😀."},
                {"label": "E", "text": "none"},
            ],
        },
        "answerKey": "A",
    },
]
# White space that Python and JavaScript see otherwise.
ODD = {**QUESTIONS[1]["question"], "stem": "\x85 A byte order mark\ufeff \x1c"}
FIVE = [QUESTIONS[1], {**QUESTIONS[1], "id": "q-3", "answerKey": "C"}, {"id": "q-4", "question": ODD, "answerKey": "B"}]

ROWS = {
    "arc_easy": QUESTIONS,
    "openbookqa": QUESTIONS,
    "commonsense_qa": FIVE,
    "boolq": [
        {"question": "is the sky blue", "answer": True, "title": "Sky", "passage": "The sky is blue.\nMostly. "},
        {"question": "do fish fly ", "answer": False, "title": "Fish", "passage": "Fish swim."},
    ],
    "piqa": [
        {"goal": "Open a jar ", "sol1": "Turn the lid.", "sol2": " Throw it away. ", "label": 0},
        {"goal": "Boil an egg", "sol1": "Freeze it", "sol2": "Heat water", "label": 1},
    ],
    "hellaswag": [
        {
            "activity_label": "Baking cookies",
            "ctx_a": "A woman [header] stands in  a kitchen.",
            "ctx_b": "the Woman",
            "ctx": "A woman stands in a kitchen. the Woman",
            "endings": ["bakes [title] a cake.", "sings  [substeps] loudly.", " sleeps. ", "ÉCLAIRS!"],
            "label": 2,
        },
        {
            "activity_label": "How to fix a bike",
            "ctx_a": "[header] How to fix a bike [title] Turn it over.",
            "ctx_b": "",
            "ctx": "[header] How to fix a bike [title] Turn it over.",
            "endings": ["one", "two", "three", "four"],
            "label": "0",
        },
        {
            "activity_label": "\x1c Odd",
            "ctx_a": "A [step\u2028one] of\ufeff",
            "ctx_b": "ßTRASSE ΟΔΟΣ",
            "ctx": "",
            "endings": ["\x85 is long.\x1f", "\ufeff[a\nb] ", "[title]", "ends"],
            "label": "1",
        },
    ],
    "winogrande": [
        {
            "qID": "w-1",
            "sentence": "The cup did not fit in the bag because _ was too big. ",
            "option1": "the cup",
            "option2": "the bag ",
            "answer": "1",
        },
        {"qID": "w-2", "sentence": "_ thanked Bob.", "option1": "Ann", "option2": "Bob", "answer": "2"},
        {"qID": "w-3", "sentence": "It is _ \x1c\ufeff is it.\x85", "option1": "so", "option2": "not", "answer": "1"},
    ],
    "social_iqa": [
        {
            "context": "Ann helped Bob.",
            "question": "How does Bob feel?",
            "answerA": "thankful",
            "answerB": " angry ",
            "answerC": "naïve",
            "label": "1",
        },
        {
            "context": "Ann ran.",
            "question": "Why? ",
            "answerA": "late",
            "answerB": "bored",
            "answerC": "hungry",
            "label": "3",
        },
    ],
}


def main():
    out = {"lm_eval": version("lm_eval"), "tasks": []}
    for name, rows in ROWS.items():
        requests = {}
        for shots in (0, 1):
            task = local_task(name, rows, rows, first_n=True)
            task.set_config("num_fewshot", shots)
            task.build_all_requests(rank=0, world_size=1)
            grouped = {}
            for instance in task.instances:
                grouped.setdefault(instance.doc_id, []).append(list(instance.args))
            requests[shots] = [grouped[i] for i in range(len(rows))]
        out["tasks"].append({"task": name, "file": FILES[name], "rows": rows, "requests": requests[0], "oneShot": requests[1]})
    json.dump(out, sys.stdout, ensure_ascii=False, indent=1)
    print()


main()
