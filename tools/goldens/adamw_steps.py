"""torch.optim.AdamW over four steps, plain, with clipping, and with LoRA+ and decay groups.

Writes libs/training/src/testing/adamw-steps.json. Run from the workspace root: python tools/goldens/adamw_steps.py
"""
import json
import torch

torch.manual_seed(0)
A, B, BIAS = torch.randn(2, 3), torch.randn(3, 2), torch.randn(3)
GRADIENTS = [[torch.randn_like(t) * (10 ** (step - 2)) for t in (A, B, BIAS)] for step in range(4)]
RATES = [1e-2, 2e-2, 5e-3, 1e-3]


def run(clip=None, ratio=1.0, matrices_only=False):
    a, b, bias = (torch.nn.Parameter(t.clone()) for t in (A, B, BIAS))
    decay = 0.1
    optimizer = torch.optim.AdamW(
        [
            {"params": [a], "ratio": 1.0, "weight_decay": decay},
            {"params": [b], "ratio": ratio, "weight_decay": decay},
            {"params": [bias], "ratio": 1.0, "weight_decay": 0.0 if matrices_only else decay},
        ],
        lr=1e-2, betas=(0.9, 0.99), eps=1e-6,
    )
    out = []
    for rate, gradients in zip(RATES, GRADIENTS):
        for p, g in zip((a, b, bias), gradients):
            p.grad = g.clone()
        for group in optimizer.param_groups:
            group["lr"] = rate * group["ratio"]
        norm = torch.nn.utils.clip_grad_norm_([a, b, bias], clip if clip else 1e30)
        optimizer.step()
        out.append({"norm": norm.item(), "params": torch.cat([p.detach().flatten() for p in (a, b, bias)]).tolist()})
    return out


golden = {
    "initial": {"lora_A": A.flatten().tolist(), "lora_B": B.flatten().tolist(), "bias": BIAS.tolist()},
    "gradients": [torch.cat([g.flatten() for g in step]).tolist() for step in GRADIENTS],
    "rates": RATES,
    "plain": run(),
    "clipped": run(clip=1.0),
    "groups": run(ratio=16.0, matrices_only=True),
}
with open("libs/training/src/testing/adamw-steps.json", "w") as file:
    json.dump(golden, file)
