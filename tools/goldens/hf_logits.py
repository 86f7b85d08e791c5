"""Writes tiny random models of each known architecture with the logits and gradients that Hugging Face transformers gives.

Run: python tools/goldens/hf_logits.py    (torch 2.6, transformers 4.51, safetensors)
Writes libs/model/src/testing/<name>/{config.json, model*.safetensors, expected.json}.
Weights are wide (std 0.3) so that softmax and norms are exercised; the loss is the mean next-token cross-entropy.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

OUT = Path(__file__).resolve().parents[2] / "libs/model/src/testing"
LENGTH = 24
SHAPE = dict(
    vocab_size=40,
    hidden_size=16,
    intermediate_size=28,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    initializer_range=0.3,
    attn_implementation="eager",
    bos_token_id=1,
    eos_token_id=2,
)
LLAMA3_ROPE = dict(
    rope_type="llama3",
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=16,
)
MODELS = {
    "llama": (LlamaForCausalLM, LlamaConfig(**SHAPE, rms_norm_eps=1e-5)),
    "llama3-rope": (
        LlamaForCausalLM,
        LlamaConfig(**SHAPE, rope_theta=50.0, rope_scaling=LLAMA3_ROPE, attention_bias=True, mlp_bias=True),
    ),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**SHAPE, rope_theta=1e6, tie_word_embeddings=True)),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(**SHAPE, head_dim=8)),
    "mistral": (MistralForCausalLM, MistralConfig(**SHAPE, sliding_window=6)),
}


def main() -> None:
    for seed, (name, (model_class, config)) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        model = model_class(config).eval()
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if parameter.dim() == 1:
                    parameter.add_(torch.randn_like(parameter) * 0.3)
        folder = OUT / name
        shutil.rmtree(folder, ignore_errors=True)
        # The first model is split, so that reading shards is covered.
        model.save_pretrained(folder, max_shard_size="12KB" if name == "llama" else "1GB")
        (folder / "generation_config.json").unlink(missing_ok=True)

        ids = torch.randint(3, config.vocab_size, (1, LENGTH))
        output = model(ids, labels=ids)
        output.loss.backward()
        expected = {
            "ids": ids[0].tolist(),
            "logits": [float(f"{value:.7g}") for value in output.logits[0].flatten().tolist()],
            "loss": output.loss.item(),
            "gradientNorms": {key: parameter.grad.norm().item() for key, parameter in model.named_parameters()},
        }
        (folder / "expected.json").write_text(json.dumps(expected) + "\n")

    # Every kind of 16-bit float: zeros, subnormals, the largest, ordinary ones.
    values = torch.tensor([0.0, -0.0, 1.0, -1.5, 6.1e-5, 6e-8, 3.1e-5, 65504.0, -65504.0, 0.333251953125, 1e-3, 1234.5])
    save_file(
        {"f16": values.half().reshape(3, 4), "bf16": values.bfloat16(), "f32": values},
        OUT / "dtypes.safetensors",
        metadata={"note": "dtypes"},
    )
    expected = {key: tensor.float().flatten().tolist() for key, tensor in
                {"f16": values.half(), "bf16": values.bfloat16(), "f32": values}.items()}
    (OUT / "dtypes.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
