"""Trains a byte-level BPE with Hugging Face tokenizers (0.21) on a committed text, for comparison with trainBpe.

Run: python tools/goldens/bpe_trainer.py
Writes libs/model/src/testing/bpe.json: { vocabSize, specialTokens, minFrequency, vocab, merges, sample, ids }.
"""

import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

TESTING = Path(__file__).resolve().parents[2] / "libs/model/src/testing"
# As WORD_PATTERN in libs/model/src/tokenizer/train-bpe.ts.
WORD_PATTERN = (
    r"'(?:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
VOCAB_SIZE = 700
MIN_FREQUENCY = 2
SPECIAL = ["<|endoftext|>", "<|pad|>"]
SAMPLE = "The fairy's 1234 birds couldn't   sing:\n\n  \"naïve 🙂\" — 日本語!"


def main() -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORD_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        min_frequency=MIN_FREQUENCY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    text = (TESTING / "corpus.txt").read_text(encoding="utf-8")
    tokenizer.train_from_iterator([text], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    golden = {
        "vocabSize": VOCAB_SIZE,
        "specialTokens": SPECIAL,
        "minFrequency": MIN_FREQUENCY,
        "vocab": model["vocab"],
        "merges": model["merges"],
        "sample": SAMPLE,
        "ids": tokenizer.encode(SAMPLE).ids,
    }
    (TESTING / "bpe.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
