"""A tiny Llama with LoRA, by transformers and PEFT, both ways.

  python tools/goldens/peft_roundtrip.py make   writes base/, theirs/ (an adapter that PEFT saved) and theirs.safetensors
                                                (ids, logits, loss, gradients of every LoRA tensor)
  python tools/goldens/peft_roundtrip.py read   loads ours/ (an adapter that saveAdapter wrote) with PEFT and writes
                                                ours-logits.safetensors

in libs/adapters/moe-lora/src/testing/peft. Between the two, write ours/ with
GMOE_UPDATE_GOLDENS=1 npx vitest run libs/adapters/moe-lora/src/files. Run from the workspace root.
"""
import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

FOLDER = Path("libs/adapters/moe-lora/src/testing/peft")
CONFIG = dict(vocab_size=19, hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2,
              num_key_value_heads=1, max_position_embeddings=32, rms_norm_eps=1e-6, tie_word_embeddings=True)
SITES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def make():
    torch.manual_seed(0)
    base = LlamaForCausalLM(LlamaConfig(**CONFIG)).float()
    for p in base.parameters():
        torch.nn.init.normal_(p, std=0.4)
    base.save_pretrained(FOLDER / "base")
    (FOLDER / "base" / "generation_config.json").unlink(missing_ok=True)
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", r=3, lora_alpha=5, use_rslora=True, lora_dropout=0.1,
                                            target_modules=SITES))
    for name, p in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(p, std=0.3)
    model.save_pretrained(FOLDER / "theirs")
    (FOLDER / "theirs" / "README.md").unlink(missing_ok=True)
    ids = torch.randint(0, 19, (2, 7))
    model.eval()
    out = model(input_ids=ids, labels=ids)
    out.loss.backward()
    tensors = {"ids": ids.int(), "logits": out.logits.detach(), "loss": out.loss.detach().reshape(1)}
    for name, p in model.named_parameters():
        if "lora_" in name:
            tensors["grad." + name.replace("base_model.model.", "").replace(".default", "")] = p.grad
    save_file({k: v.contiguous() for k, v in tensors.items()}, FOLDER / "theirs.safetensors")


def read():
    ids = load_file(FOLDER / "theirs.safetensors")["ids"].long()
    base = LlamaForCausalLM.from_pretrained(FOLDER / "base").float()
    model = PeftModel.from_pretrained(base, FOLDER / "ours").eval()
    with torch.no_grad():
        save_file({"logits": model(input_ids=ids).logits.contiguous()}, FOLDER / "ours-logits.safetensors")


if __name__ == "__main__":
    {"make": make, "read": read}[sys.argv[1]]()
