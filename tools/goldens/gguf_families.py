"""Writes tiny random models as GGUF files of each architecture that is read, with the logits that Hugging Face transformers gives.

Run: python -P tools/goldens/gguf_families.py [NAME...]   (gguf 0.19, torch 2.15, transformers 5.24; -P, since statistics.py stands beside it)
Writes libs/families/src/gguf-goldens/<name>.gguf and <name>.json.

Tensors have the names of the `gguf` package's own table (`get_tensor_name_map`), fields are written by its `GGUFWriter`; which fields, and what is
changed in tensors (q and k permuted, 1 added to norms), is llama.cpp's converter. Matrices are Q8_0: weights are rounded to it first, and the logits are
those of the rounded model. Where transformers reads GGUF files of an architecture, its reading of the very file must give the same weights.
"""

import json
import math
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf.quants import dequantize, quantize
from transformers import AutoConfig, AutoModelForCausalLM

OUT = Path(__file__).resolve().parents[2] / "libs/families/src/gguf-goldens"
SHORT, LONG, LAST = 10, 44, 4
WORDS = [chr(c) for c in range(ord("a"), ord("z") + 1)] + ["Ġ", "an", "in", "the", "th", "on"]
SPECIAL = ["<s>", "</s>", "<pad>", "<|end|>"]
TOKENS = SPECIAL + WORDS
MERGES = ["a n", "i n", "t h", "th e", "o n"]
SHAPE = dict(
    vocab_size=len(TOKENS),
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    bos_token_id=0,
    eos_token_id=1,
    pad_token_id=2,
)
FACTORS = {"short_factor": [1.0, 1.5], "long_factor": [1.2, 6.0]}
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)

# name: architecture in the file, model_type, changes of the config. Only what a file can say: Gemma's scale is that of the head.
MODELS = {
    "llama": ("llama", "llama", {"rope_theta": 500.0}),
    "llama-bias-tied": ("llama", "llama", {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True}),
    "llama-own-head": ("llama", "llama", {"head_dim": 16}),
    "llama-linear": ("llama", "llama", {"rope_scaling": {"rope_type": "linear", "factor": 4.0}, "rope_theta": 50.0}),
    "llama-llama3": ("llama", "llama", {"rope_scaling": LLAMA3, "rope_theta": 50.0}),
    "qwen2": ("qwen2", "qwen2", {"rope_theta": 1e6, "tie_word_embeddings": True}),
    "qwen2-yarn": (
        "qwen2",
        "qwen2",
        {"rope_theta": 50.0, "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}},
    ),
    "qwen3": ("qwen3", "qwen3", {"head_dim": 16, "rope_theta": 1e6}),
    "gemma": ("gemma", "gemma", {"head_dim": 16, "hidden_activation": "gelu_pytorch_tanh"}),
    "gemma2": ("gemma2", "gemma2", {"head_dim": 16, "sliding_window": 6, "query_pre_attn_scalar": 16}),
    "gemma3": (
        "gemma3",
        "gemma3_text",
        {
            "head_dim": 16,
            "num_hidden_layers": 7,
            "sliding_window": 6,
            "query_pre_attn_scalar": 16,
            "rope_theta": 1e6,
            "rope_scaling": {"rope_type": "linear", "factor": 8.0},
        },
    ),
    "phi3": ("phi3", "phi3", {"sliding_window": 6}),
    "phi3-longrope": (
        "phi3",
        "phi3",
        {"partial_rotary_factor": 0.5, "original_max_position_embeddings": 16, "rope_scaling": {"type": "longrope", **FACTORS}},
    ),
    "granite": (
        "granite",
        "granite",
        {
            "embedding_multiplier": 3.0,
            "attention_multiplier": 0.3,
            "residual_multiplier": 0.4,
            "logits_scaling": 2.5,
            "tie_word_embeddings": True,
        },
    ),
    "olmo2": ("olmo2", "olmo2", {}),
    "stablelm": ("stablelm", "stablelm", {"partial_rotary_factor": 0.25, "use_qkv_bias": True}),
    "smollm3": ("smollm3", "smollm3", {"num_hidden_layers": 5, "no_rope_layer_interval": 4, "rope_theta": 500.0}),
}
PERMUTED = {"llama", "granite", "smollm3"}
NORM_PLUS_ONE = {"gemma", "gemma2", "gemma3"}
# What transformers reads: of Llama's biases and Qwen3's head width nothing, the others not at all.
READ_BY_TRANSFORMERS = {"llama", "llama-linear", "qwen2", "qwen2-yarn", "gemma2", "gemma3", "phi3", "phi3-longrope", "stablelm"}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for seed, (name, (architecture, model_type, changes)) in enumerate(MODELS.items()):
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        config = AutoConfig.for_model(model_type, **{**SHAPE, **changes})
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
        draw(model)
        path = OUT / f"{name}.gguf"
        write(path, architecture, model, {**SHAPE, **changes})
        ids = torch.randint(len(SPECIAL), len(TOKENS), (1, LONG), generator=torch.Generator().manual_seed(seed))
        short, long = logits(model, ids[:, :SHORT]), logits(model, ids)[-LAST:]
        note = ""
        if name in READ_BY_TRANSFORMERS:
            theirs = AutoModelForCausalLM.from_pretrained(OUT, gguf_file=path.name, dtype=torch.float32).state_dict()
            error = max(float((theirs[key] - value).abs().max()) for key, value in model.state_dict().items())
            note = f", transformers' weights of the file within {error:.1e}"
            assert error < 1e-6, (name, error)
        expected = {"architecture": architecture, "ids": ids[0].tolist(), "short": rounded(short), "long": rounded(long)}
        (OUT / f"{name}.json").write_text(json.dumps(expected) + "\n")
        print(f"{name}: {path.stat().st_size} bytes{note}")


def draw(model) -> None:
    """Wide weights, so that softmax, norms and caps are exercised, rounded to what the file holds."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.3)
            else:
                drawn = (torch.randn_like(parameter) * 0.3).numpy()
                kind = kind_of(drawn)
                parameter.copy_(torch.from_numpy(dequantize(quantize(drawn, kind), kind)))


def kind_of(data):
    if data.ndim == 1:
        return gguf.GGMLQuantizationType.F32
    return gguf.GGMLQuantizationType.Q8_0 if data.shape[-1] % 32 == 0 else gguf.GGMLQuantizationType.F16


def logits(model, ids):
    with torch.no_grad():
        return model(ids).logits[0]


def rounded(values):
    return [float(f"{value:.7g}") for value in values.flatten().tolist()]


def write(path, architecture, model, config) -> None:
    writer = gguf.GGUFWriter(path, architecture)
    fields(writer, architecture, config)
    tokenizer(writer)
    arch = next(key for key, value in gguf.MODEL_ARCH_NAMES.items() if value == architecture)
    names = gguf.get_tensor_name_map(arch, config["num_hidden_layers"])
    for name, data in extra_tensors(architecture, model, config):
        writer.add_tensor(name, data)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.get("tie_word_embeddings", model.config.tie_word_embeddings):
            continue
        data = tensor.numpy()
        if architecture in PERMUTED and ("q_proj" in name or "k_proj" in name):
            heads = config["num_attention_heads"] if "q_proj" in name else config["num_key_value_heads"]
            data = permute(data, heads)
        if architecture in NORM_PLUS_ONE and name.endswith("norm.weight"):
            data = data + 1
        kind = kind_of(data)
        writer.add_tensor(names.get_name(name, (".weight", ".bias")), quantize(np.ascontiguousarray(data), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def permute(weights, heads):
    """LlamaModel.permute of llama.cpp's converter."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def fields(writer, architecture, config) -> None:
    head = config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    if "head_dim" in config:
        writer.add_key_length(head)
        writer.add_value_length(head)
    if architecture == "stablelm":
        writer.add_rope_dimension_count(int(config["partial_rotary_factor"] * head))
        writer.add_parallel_residual(False)
        writer.add_layer_norm_eps(1e-5)
        return
    writer.add_layer_norm_rms_eps(1e-5 if architecture in ("phi3", "olmo2") else 1e-6)
    if architecture not in ("gemma", "gemma2"):
        writer.add_rope_freq_base(config.get("rope_theta", 10000.0))
    if architecture in ("llama", "granite", "smollm3"):
        writer.add_vocab_size(config["vocab_size"])
        writer.add_rope_dimension_count(head)
    if architecture == "gemma2":
        writer.add_attn_logit_softcapping(50.0)
        writer.add_final_logit_softcapping(30.0)
    if architecture in ("gemma2", "gemma3"):
        writer.add_sliding_window(config["sliding_window"])
    if architecture == "phi3":
        original = config.get("original_max_position_embeddings", config["max_position_embeddings"])
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_rope_dimension_count(int(config.get("partial_rotary_factor", 1.0) * head))
        writer.add_sliding_window(config.get("sliding_window") or 0)
        if "rope_scaling" in config:
            scale = config["max_position_embeddings"] / original
            writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(scale) / math.log(original)))
    if architecture == "granite":
        writer.add_attention_scale(config["attention_multiplier"])
        writer.add_embedding_scale(config["embedding_multiplier"])
        writer.add_residual_scale(config["residual_multiplier"])
        writer.add_logit_scale(config["logits_scaling"])
    scaling = config.get("rope_scaling", {})
    if scaling.get("rope_type") in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(scaling["rope_type"]))
        writer.add_rope_scaling_factor(scaling["factor"])
    if scaling.get("rope_type") == "yarn":
        writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])


def extra_tensors(architecture, model, config):
    scaling = config.get("rope_scaling", {})
    if scaling.get("rope_type") == "llama3":
        yield "rope_freqs.weight", llama3_divisors(config, scaling)
    if "long_factor" in scaling:
        yield "rope_factors_long.weight", np.array(scaling["long_factor"], dtype=np.float32)
        yield "rope_factors_short.weight", np.array(scaling["short_factor"], dtype=np.float32)


def llama3_divisors(config, scaling):
    """LlamaModel.generate_extra_tensors of llama.cpp's converter."""
    dim = config["hidden_size"] // config["num_attention_heads"]
    frequencies = 1.0 / (config["rope_theta"] ** (np.arange(0, dim, 2, dtype=np.float32) / dim))
    low, high, original = (scaling[key] for key in ("low_freq_factor", "high_freq_factor", "original_max_position_embeddings"))
    divisors = []
    for frequency in frequencies:
        wavelength = 2 * math.pi / frequency
        if wavelength < original / high:
            divisors.append(1.0)
        elif wavelength > original / low:
            divisors.append(scaling["factor"])
        else:
            smooth = (original / wavelength - low) / (high - low)
            divisors.append(1 / ((1 - smooth) / scaling["factor"] + smooth))
    return np.array(divisors, dtype=np.float32)


def tokenizer(writer) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(TOKENS)
    control = int(gguf.TokenType.CONTROL)
    writer.add_token_types([control] * len(SPECIAL) + [int(gguf.TokenType.NORMAL)] * len(WORDS))
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_pad_token_id(2)


if __name__ == "__main__":
    main()
