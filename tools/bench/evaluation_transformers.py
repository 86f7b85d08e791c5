"""The evaluation of the bench in Hugging Face transformers: a random Llama of SmolLM2's shape scores the items of a file.

    python3 tools/bench/evaluation_transformers.py ITEMS.json [--threads 1] [--batch 16]

Each option is a sequence behind its prompt, as evaluation harnesses do it; batches are sorted by length and padded on the right.
Prints one JSON line: seconds, scores, peak memory.
"""

import argparse
import json
import resource
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("items")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    config = LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, max_position_embeddings=2048, tie_word_embeddings=True)
    model = LlamaForCausalLM(config).eval()
    with open(args.items) as file:
        items = json.load(file)
    sequences = [(i, o, item["promptIds"], option) for i, item in enumerate(items)
                 for o, option in enumerate(item["optionIds"])]
    sequences.sort(key=lambda s: -len(s[2]) - len(s[3]))
    scores = [[0.0] * len(item["optionIds"]) for item in items]

    def run():
        with torch.inference_mode():
            for start in range(0, len(sequences), args.batch):
                batch = sequences[start:start + args.batch]
                longest = max(len(p) + len(o) for _, _, p, o in batch)
                ids = torch.zeros(len(batch), longest, dtype=torch.long)
                mask = torch.zeros(len(batch), longest, dtype=torch.long)
                for row, (_, _, prompt, option) in enumerate(batch):
                    tokens = prompt + option
                    ids[row, :len(tokens)] = torch.tensor(tokens)
                    mask[row, :len(tokens)] = 1
                hidden = model.model(input_ids=ids, attention_mask=mask).last_hidden_state
                for row, (i, o, prompt, option) in enumerate(batch):
                    at = hidden[row, len(prompt) - 1:len(prompt) + len(option) - 1]
                    log_probs = torch.log_softmax(model.lm_head(at), -1)
                    scores[i][o] = log_probs[torch.arange(len(option)), torch.tensor(option)].sum().item()

    run()
    started = time.perf_counter()
    run()
    print(json.dumps({
        "seconds": time.perf_counter() - started, "scores": scores,
        "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))


if __name__ == "__main__":
    main()
