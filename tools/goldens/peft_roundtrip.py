"""Tiny models with LoRA and DoRA, by transformers and PEFT, both ways.

  python -P tools/goldens/peft_roundtrip.py make   writes base/ (Llama, tied head), base-bias/ (Qwen2, biases on q, k, v), and of each
                                                case NAME/ (an adapter that PEFT saved) and NAME.safetensors (ids, logits, loss,
                                                gradients of every trained tensor)
  python -P tools/goldens/peft_roundtrip.py read   loads the adapters that saveAdapter wrote (ours*/) with PEFT and writes
                                                ours*-logits.safetensors

in libs/adapters/core/src/testing/peft. Between the two, write ours*/ with
GMOE_UPDATE_GOLDENS=1 npx vitest run libs/adapters/lora/src/peft.test.ts libs/adapters/dora/src/peft.test.ts. Run from the workspace
root; -P, since statistics.py beside this file hides the module of that name.
"""
import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

FOLDER = Path("libs/adapters/core/src/testing/peft")
SIZE = dict(vocab_size=19, hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=1, max_position_embeddings=32, rms_norm_eps=1e-6)
SITES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
BASES = {
    "base": lambda: LlamaForCausalLM(LlamaConfig(**SIZE, tie_word_embeddings=True)),
    "base-bias": lambda: Qwen2ForCausalLM(Qwen2Config(**SIZE, tie_word_embeddings=False, use_sliding_window=False)),
}
CASES = {
    "theirs": ("base", dict(r=3, lora_alpha=5, use_rslora=True, lora_dropout=0.1, target_modules=SITES)),
    # Of two patterns that match a module PEFT takes the first.
    "patterns": ("base", dict(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj", "up_proj", "down_proj"],
                              rank_pattern={"layers.0.mlp.up_proj": 4, "up_proj": 3},
                              alpha_pattern={".*self_attn.v_proj": 9, "down_proj": 1})),
    "some-layers": ("base-bias", dict(r=2, lora_alpha=6, target_modules=["k_proj", "gate_proj"],
                                      layers_to_transform=[1], rank_pattern={"k_proj": 3})),
    "regex": ("base", dict(r=2, lora_alpha=6, target_modules=r".*layers\.0\.(self_attn\.q|mlp\.down)_proj|.*1.mlp.up_proj")),
    "dora": ("base-bias", dict(r=3, lora_alpha=5, use_dora=True, use_rslora=True, target_modules=SITES,
                               rank_pattern={"o_proj": 2})),
    "saved-embedding": ("base", dict(r=2, lora_alpha=4, target_modules=["v_proj"], modules_to_save=["embed_tokens"])),
    "saved-both": ("base", dict(r=2, lora_alpha=4, target_modules=["v_proj"],
                                modules_to_save=["lm_head", "embed_tokens"])),
}
READ = {"ours": "base", "ours-patterns": "base", "ours-saved": "base", "ours-dora": "base-bias"}


def make():
    for name, create in BASES.items():
        torch.manual_seed(0)
        base = create().float()
        for p in base.parameters():
            torch.nn.init.normal_(p, std=0.4)
        base.save_pretrained(FOLDER / name)
        (FOLDER / name / "generation_config.json").unlink(missing_ok=True)
    for name, (base, config) in CASES.items():
        torch.manual_seed(1)
        model = get_peft_model(load(base), LoraConfig(task_type="CAUSAL_LM", **config))
        for key, p in model.named_parameters():
            if "lora_A" in key or "lora_B" in key:
                torch.nn.init.normal_(p, std=0.3)
            elif p.requires_grad:
                p.data += 0.1 * torch.randn_like(p)
        model.save_pretrained(FOLDER / name, save_embedding_layers=False)
        (FOLDER / name / "README.md").unlink(missing_ok=True)
        # The folder of this machine is nobody's base.
        path = FOLDER / name / "adapter_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"base_model_name_or_path": None}, indent=2) + "\n")
        ids = torch.randint(0, 19, (2, 7))
        model.eval()
        out = model(input_ids=ids, labels=ids)
        out.loss.backward()
        tensors = {"ids": ids.int(), "logits": out.logits.detach(), "loss": out.loss.detach().reshape(1)}
        for key, p in model.named_parameters():
            if p.requires_grad:
                tensors["grad." + ours(key)] = p.grad
        save_file({k: v.contiguous() for k, v in tensors.items()}, FOLDER / f"{name}.safetensors")


def ours(key):
    """The name under which PEFT stores a parameter, without its prefix."""
    key = key.replace("base_model.model.", "").replace(".modules_to_save.default", "")
    return key.replace("lora_magnitude_vector.default.weight", "lora_magnitude_vector").replace(".default", "")


def load(base):
    return AutoModelForCausalLM.from_pretrained(FOLDER / base).float()


def read():
    ids = load_file(FOLDER / "theirs.safetensors")["ids"].long()
    for name, base in READ.items():
        model = PeftModel.from_pretrained(load(base), FOLDER / name).eval()
        with torch.no_grad():
            logits = model(input_ids=ids).logits.contiguous()
        save_file({"logits": logits}, FOLDER / f"{name}-logits.safetensors")


if __name__ == "__main__":
    {"make": make, "read": read}[sys.argv[1]]()
