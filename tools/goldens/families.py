"""Writes tiny random models of every model family with the logits that Hugging Face transformers gives.

Run: python -P tools/goldens/families.py [NAME...]   (torch 2.15, transformers 5.24; -P, since statistics.py stands beside it)
Writes libs/families/src/goldens/<name>/{config.json, model.safetensors, expected.json}.

Weights are wide (std 0.3) so that softmax, norms and caps are exercised, and rounded to bfloat16, in which they are stored. The model is
read back by transformers from the very files that are committed. `short` is a sequence within what the model was pretrained on, with all
logits, loss and the norm of the loss's gradient in every parameter; `long` goes beyond windows and original positions, with the
logits of its last positions.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM

OUT = Path(__file__).resolve().parents[2] / "libs/families/src/goldens"
SHORT, LONG, LAST = 10, 44, 4
SHAPE = dict(
    vocab_size=32,
    hidden_size=16,
    intermediate_size=24,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
)


def rope(**parameters):
    return {"max_position_embeddings": 32, "rope_theta": 50.0, "rope_scaling": parameters}


FACTORS = {"short_factor": [1.0, 1.5], "long_factor": [1.2, 6.0]}
TYPES = ["sliding_attention", "full_attention"]
MODELS = {
    "llama": ("llama", "plain", {}),
    "llama-bias": ("llama", "biases, own head width, tied head", {"attention_bias": True, "mlp_bias": True, "head_dim": 6, "tie_word_embeddings": True}),
    "llama-rope-linear": ("llama", "rope linear", rope(rope_type="linear", factor=4.0)),
    "llama-rope-dynamic": ("llama", "rope dynamic", rope(rope_type="dynamic", factor=4.0)),
    "llama-rope-yarn": ("llama", "rope yarn", rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=4.0)),
    "llama-rope-yarn-mscale": (
        "llama",
        "yarn with mscale, not truncated",
        rope(
            rope_type="yarn",
            factor=4.0,
            original_max_position_embeddings=16,
            mscale=1.5,
            mscale_all_dim=0.5,
            truncate=False,
        ),
    ),
    "llama-rope-longrope": ("llama", "rope longrope", rope(rope_type="longrope", original_max_position_embeddings=16, **FACTORS)),
    "llama-rope-llama3": (
        "llama",
        "rope llama3",
        rope(
            rope_type="llama3",
            factor=8.0,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=16,
        ),
    ),
    "mistral": ("mistral", "a window", {"sliding_window": 6}),
    "mistral-wide": ("mistral", "a window wider than the positions", {"sliding_window": 30, "max_position_embeddings": 24}),
    "qwen2": ("qwen2", "tied head", {"tie_word_embeddings": True, "rope_theta": 1e6}),
    "qwen2-mixed": ("qwen2", "windows from `max_window_layers` on", {"use_sliding_window": True, "sliding_window": 6, "max_window_layers": 1}),
    "qwen3": ("qwen3", "biases, own head width", {"head_dim": 8, "attention_bias": True}),
    "qwen3-mixed": ("qwen3", "windows by `layer_types`", {"head_dim": 4, "use_sliding_window": True, "sliding_window": 6, "layer_types": TYPES}),
    "smollm3": ("smollm3", "layers without rotation", {"no_rope_layers": [1, 0]}),
    "smollm3-window": ("smollm3", "windows where no rotation is", {"no_rope_layer_interval": 2, "use_sliding_window": True, "sliding_window": 6}),
    "gemma": ("gemma", "GeGLU called `gelu`", {"head_dim": 6, "hidden_act": "gelu"}),
    "gemma2": (
        "gemma2",
        "caps, mixed windows",
        {
            "head_dim": 6,
            "sliding_window": 6,
            "query_pre_attn_scalar": 9,
            "attn_logit_softcapping": 3.0,
            "final_logit_softcapping": 5.0,
        },
    ),
    "gemma3-text": (
        "gemma3_text",
        "mixed windows, local rope, global rope linear",
        {
            "head_dim": 6,
            "sliding_window": 6,
            "query_pre_attn_scalar": 9,
            "sliding_window_pattern": 2,
            "rope_theta": 500.0,
            "rope_local_base_freq": 40.0,
            "rope_scaling": {"rope_type": "linear", "factor": 8.0},
        },
    ),
    "phi3": ("phi3", "fused projections, a window", {"sliding_window": 6, "max_position_embeddings": 64}),
    "phi3-longrope": (
        "phi3",
        "longrope on half of each head",
        {
            "hidden_size": 32,
            "partial_rotary_factor": 0.5,
            "original_max_position_embeddings": 16,
            "rope_scaling": {"type": "longrope", **FACTORS},
        },
    ),
    "granite": (
        "granite",
        "multipliers, tied head",
        {
            "embedding_multiplier": 3.0,
            "attention_multiplier": 0.3,
            "residual_multiplier": 0.4,
            "logits_scaling": 2.5,
            "tie_word_embeddings": True,
        },
    ),
    "olmo2": ("olmo2", "plain", {}),
    "stablelm": ("stablelm", "a quarter of each head turns, biases", {"hidden_size": 32, "partial_rotary_factor": 0.25, "use_qkv_bias": True}),
    "llama-rope-dynamic-1": ("llama", "rope dynamic of factor 1", rope(rope_type="dynamic", factor=1.0)),
}


def rounded(values):
    return [float(f"{value:.7g}") for value in values.flatten().tolist()]


def main() -> None:
    for seed, (name, (model_type, label, changes)) in enumerate(MODELS.items()):
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        # The config is what is in the file: transformers reads the committed JSON, not what it would write.
        folder = OUT / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        written = {"model_type": model_type, **SHAPE, **changes}
        (folder / "config.json").write_text(json.dumps(written, indent=1) + "\n")
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), dtype=torch.float32)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() == 1:
                    parameter.add_(torch.randn_like(parameter) * 0.3)
                else:
                    parameter.copy_(torch.randn_like(parameter) * 0.3)
        model.to(torch.bfloat16).save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        (folder / "model.safetensors").chmod(0o644)
        (folder / "config.json").write_text(json.dumps(written, indent=1) + "\n")

        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        ids = torch.randint(3, SHAPE["vocab_size"], (1, LONG))
        short = model(ids[:, :SHORT], labels=ids[:, :SHORT], use_cache=False)
        short.loss.backward()
        with torch.no_grad():
            long = model(ids, use_cache=False)
            greedy = model.generate(
                ids[:, :SHORT], max_new_tokens=LONG - SHORT, do_sample=False, eos_token_id=None, use_cache=False
            )
        expected = {
            "label": label,
            "ids": ids[0].tolist(),
            "short": rounded(short.logits[0]),
            "long": rounded(long.logits[0, -LAST:]),
            "loss": short.loss.item(),
            "gradientNorms": {
                key: float(f"{parameter.grad.norm().item():.6g}") for key, parameter in model.named_parameters()
            },
            "greedy": greedy[0, SHORT:].tolist(),
        }
        (folder / "expected.json").write_text(json.dumps(expected) + "\n")
        print(name, sum(p.numel() for p in model.parameters()))


if __name__ == "__main__":
    main()
