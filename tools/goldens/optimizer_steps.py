"""Four steps of torch.optim.AdamW and SGD, and of Lion as algorithm 2 of arXiv 2302.06675 writes it: plain, with clipping,
with LoRA+ and decay groups.

Writes libs/optimizers/src/testing/optimizer-steps.json. Run from the workspace root:
python -P tools/goldens/optimizer_steps.py
"""
import json

import torch

torch.manual_seed(0)
A, B, BIAS = torch.randn(2, 3), torch.randn(3, 2), torch.randn(3)
GRADIENTS = [[torch.randn_like(t) * (10 ** (step - 2)) for t in (A, B, BIAS)] for step in range(4)]
RATES = [1e-2, 2e-2, 5e-3, 1e-3]
DECAY = 0.1


class Lion(torch.optim.Optimizer):
    """c = b1 m + (1 - b1) g; theta = theta - eta (sign(c) + lambda theta); m = b2 m + (1 - b2) g."""

    def __init__(self, groups, lr, betas):
        super().__init__(groups, {"lr": lr, "betas": betas})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = b1 * m + (1 - b1) * p.grad
                p.copy_(p - group["lr"] * (torch.sign(c) + group["weight_decay"] * p))
                m.copy_(b2 * m + (1 - b2) * p.grad)


def run(make, clip=None, ratio=1.0, matrices_only=False):
    a, b, bias = (torch.nn.Parameter(t.clone()) for t in (A, B, BIAS))
    optimizer = make(
        [
            {"params": [a], "ratio": 1.0, "weight_decay": DECAY},
            {"params": [b], "ratio": ratio, "weight_decay": DECAY},
            {"params": [bias], "ratio": 1.0, "weight_decay": 0.0 if matrices_only else DECAY},
        ]
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


ADAMW = lambda groups: torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.99), eps=1e-6)
LION = lambda groups: Lion(groups, lr=1e-2, betas=(0.9, 0.99))
SGD = lambda **options: lambda groups: torch.optim.SGD(groups, lr=1e-2, **options)
CLIP, GROUPS = {"clip": 1.0}, {"ratio": 16.0, "matrices_only": True}
OUR_GROUPS = {"loraPlusRatio": 16, "weightDecayOn": "matrices"}
CASES = [
    ("adamw", "plain", {"betas": [0.9, 0.99], "epsilon": 1e-6}, ADAMW, {}),
    ("adamw", "clipped", {"betas": [0.9, 0.99], "epsilon": 1e-6, "clipNorm": 1}, ADAMW, CLIP),
    ("adamw", "groups", {"betas": [0.9, 0.99], "epsilon": 1e-6, **OUR_GROUPS}, ADAMW, GROUPS),
    ("lion", "plain", {}, LION, {}),
    ("lion", "clipped", {"clipNorm": 1}, LION, CLIP),
    ("lion", "groups", OUR_GROUPS, LION, GROUPS),
    ("sgd", "without momentum", {"momentum": 0}, SGD(), {}),
    ("sgd", "momentum, clipped", {"momentum": 0.9, "clipNorm": 1}, SGD(momentum=0.9), CLIP),
    ("sgd", "Nesterov, groups", {"momentum": 0.8, "nesterov": True, **OUR_GROUPS},
     SGD(momentum=0.8, nesterov=True), GROUPS),
]

golden = {
    "initial": torch.cat([t.flatten() for t in (A, B, BIAS)]).tolist(),
    "gradients": [torch.cat([g.flatten() for g in step]).tolist() for step in GRADIENTS],
    "rates": RATES,
    "cases": [
        {"id": id, "name": name, "options": {"weightDecay": DECAY, **options}, "steps": run(make, **how)}
        for id, name, options, make, how in CASES
    ],
}
with open("libs/optimizers/src/testing/optimizer-steps.json", "w") as file:
    json.dump(golden, file)
    file.write("\n")
