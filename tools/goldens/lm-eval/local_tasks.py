"""Tasks of the EleutherAI harness (lm-eval) over local rows, in the form of the published files."""
import functools
import os

os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import datasets  # noqa: E402
import lm_eval  # noqa: E402
from lm_eval.api.samplers import FirstNSampler  # noqa: E402
from lm_eval.api.task import ConfigurableTask  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402

# The published file that a task's test rows come from, as the product names it.
FILES = {
    "arc_easy": ["arc-easy", "ARC-Easy-Test.jsonl"],
    "arc_challenge": ["arc-challenge", "ARC-Challenge-Test.jsonl"],
    "openbookqa": ["openbookqa", "test.jsonl"],
    "commonsense_qa": ["commonsenseqa", "dev_rand_split.jsonl"],
    "boolq": ["boolq", "dev.jsonl"],
    "piqa": ["piqa", "valid.jsonl"],
    "hellaswag": ["hellaswag", "hellaswag_val.jsonl"],
    "winogrande": ["winogrande", "dev.jsonl"],
    "social_iqa": ["siqa", "dev.jsonl"],
}


def as_on_the_hub(name, row):
    """A row of a published file with the columns that the harness's task file reads."""
    if name in ("arc_easy", "arc_challenge", "openbookqa", "commonsense_qa"):
        question = row["question"]
        choices = {
            "text": [choice["text"] for choice in question["choices"]],
            "label": [choice["label"] for choice in question["choices"]],
        }
        stem = "question_stem" if name == "openbookqa" else "question"
        return {"id": row["id"], stem: question["stem"], "choices": choices, "answerKey": row["answerKey"]}
    if name == "boolq":
        return {"question": row["question"], "passage": row["passage"], "label": int(row["answer"])}
    if name == "hellaswag":
        return {**row, "label": str(row["label"])}
    return row


def local_task(name, rows, train, first_n=False):
    """The harness's own task, with these rows as its test and validation split."""
    splits = {
        split: datasets.Dataset.from_list([as_on_the_hub(name, row) for row in some])
        for split, some in {"train": train, "validation": rows, "test": rows}.items()
    }

    def download(self, dataset_kwargs=None):
        self.dataset = datasets.DatasetDict(splits)

    ConfigurableTask.download = download
    task = manager().load_task_or_group([name])[name]
    if first_n:
        # Shots are the first rows of train, so that their form is what is compared.
        task.sampler = FirstNSampler(list(task.fewshot_docs()))
    return task


@functools.cache
def manager():
    """The harness's task files of these tasks alone; reading all of them takes minutes."""
    folder = os.path.join(os.path.dirname(lm_eval.__file__), "tasks")
    names = ["arc", "openbookqa", "commonsense_qa", "super_glue/boolq", "piqa", "hellaswag", "winogrande", "siqa"]
    return TaskManager(include_path=[os.path.join(folder, name) for name in names], include_defaults=False)
