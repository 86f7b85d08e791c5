"""Log-likelihoods of the EleutherAI harness (lm-eval) for a model on drawn rows, kept for `compare_scores.py`.

    python tools/goldens/lm-eval/harness_scores.py MODEL TOKENIZER ROWS OUT arc_easy boolq ...

MODEL is a folder in Hugging Face layout or a GGUF file, which transformers dequantises; float32, one thread. TOKENIZER is a folder with the
`tokenizer.json` to use (`gmoe convert gguf` writes that of a GGUF file: transformers' own conversion leaves out digits). ROWS is what `draw_rows.py`
wrote. OUT/TASK.json gets each row's log-likelihoods, the lengths that acc_norm divides by, and what is right; a task that has one is left alone.
"""
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import torch
from local_tasks import FILES, local_task
from lm_eval.models.huggingface import HFLM
from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast


def main(model, tokenizer, rows_dir, out, *tasks):
    torch.set_num_threads(1)
    lm = None
    for name in tasks:
        kept = Path(out) / f"{name}.json"
        if kept.exists():
            continue
        lm = lm or language_model(Path(model), Path(tokenizer))
        text = (Path(rows_dir) / name / FILES[name][1]).read_text(encoding="utf-8")
        started = time.time()
        scored = score(lm, name, [json.loads(line) for line in text.splitlines()])
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({"lm_eval": version("lm_eval"), "task": name, "rows": scored}) + "\n")
        print(f"{name}: {len(scored)} rows, {time.time() - started:.0f} s", flush=True)


def language_model(model, tokenizer):
    read = read_tokenizer(tokenizer)
    return HFLM(pretrained=read_model(model), tokenizer=read, batch_size=1, add_bos_token=len(read("")["input_ids"]) > 0)


def read_model(path):
    if path.suffix == ".gguf":
        return AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)


def read_tokenizer(folder):
    """The file as it stands: AutoTokenizer may build a tokenizer of its own from the model's type."""
    config = json.loads((folder / "tokenizer_config.json").read_text())
    named = {key: config[key] for key in ("bos_token", "eos_token", "unk_token") if isinstance(config.get(key), str)}
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), **named)
    if config.get("add_bos_token") and not tokenizer("")["input_ids"]:
        bos = (tokenizer.bos_token, tokenizer.bos_token_id)
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=f"{bos[0]} $A", special_tokens=[bos])
    return tokenizer


def score(lm, name, rows):
    task = local_task(name, rows, rows[:1])
    task.build_all_requests(rank=0, world_size=1)
    answers = lm.loglikelihood(task.instances, disable_tqdm=True)
    scored = [{"scores": [], "lengths": []} for _ in rows]
    for instance, (log_likelihood, _) in zip(task.instances, answers):
        # As the harness normalises: by the choice itself, without the space that stands before it.
        continuation = instance.args[1]
        choice = continuation[1:] if continuation.startswith(" ") else continuation
        scored[instance.doc_id]["scores"].append(log_likelihood)
        scored[instance.doc_id]["lengths"].append(max(1, len(choice)))
    for each, doc in zip(scored, task.eval_docs):
        each["gold"] = gold(task, doc)
        results = [(score, False) for score in each["scores"]]
        metrics = task.process_results(doc, results)
        each["acc"] = int(metrics["acc"])
        if "acc_norm" in metrics:
            each["acc_norm"] = int(metrics["acc_norm"])
    return scored


def gold(task, doc):
    if task.multiple_input:
        return task.doc_to_text(doc)
    target = task.doc_to_target(doc)
    return target if isinstance(target, int) else task.doc_to_choice(doc).index(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
