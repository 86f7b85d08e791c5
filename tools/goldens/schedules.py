"""Learning-rate factors of transformers' schedulers, for every optimizer step of a run.

Writes libs/schedules/src/testing/schedules.json. Run from the workspace root: python -P tools/goldens/schedules.py
"""
import json
import warnings

import torch
import transformers.optimization as hf

warnings.filterwarnings("ignore")

CASES = [
    ("constant", {}, 5, lambda o, n: hf.get_constant_schedule(o)),
    ("constant", {"warmupSteps": 3}, 8, lambda o, n: hf.get_constant_schedule_with_warmup(o, 3)),
    ("linear", {}, 1, lambda o, n: hf.get_linear_schedule_with_warmup(o, 0, n)),
    ("linear", {}, 10, lambda o, n: hf.get_linear_schedule_with_warmup(o, 0, n)),
    ("linear", {"warmupSteps": 4}, 20, lambda o, n: hf.get_linear_schedule_with_warmup(o, 4, n)),
    ("linear", {"warmupSteps": 4, "finalRatio": 0.1}, 20,
     lambda o, n: hf.get_polynomial_decay_schedule_with_warmup(o, 4, n, lr_end=0.1, power=1.0)),
    ("cosine", {}, 1, lambda o, n: hf.get_cosine_schedule_with_warmup(o, 0, n)),
    ("cosine", {"warmupSteps": 5}, 23, lambda o, n: hf.get_cosine_schedule_with_warmup(o, 5, n)),
    ("cosine", {"warmupSteps": 5, "finalRatio": 0.1}, 23,
     lambda o, n: hf.get_cosine_with_min_lr_schedule_with_warmup(o, 5, n, min_lr_rate=0.1)),
    ("wsd", {"decaySteps": 1}, 1, lambda o, n: hf.get_wsd_schedule(o, 0, 1, n)),
    ("wsd", {"warmupSteps": 4, "decaySteps": 6}, 20, lambda o, n: hf.get_wsd_schedule(o, 4, 6, n)),
    ("wsd", {"warmupSteps": 4, "decaySteps": 6, "decay": "1-sqrt", "finalRatio": 0.1}, 20,
     lambda o, n: hf.get_wsd_schedule(o, 4, 6, n, decay_type="1-sqrt", min_lr_ratio=0.1)),
    ("wsd", {"decaySteps": 8, "decay": "linear"}, 8, lambda o, n: hf.get_wsd_schedule(o, 0, 8, n, decay_type="linear")),
    ("inverse-sqrt", {}, 6, lambda o, n: hf.get_inverse_sqrt_schedule(o, 0)),
    ("inverse-sqrt", {"warmupSteps": 4}, 20, lambda o, n: hf.get_inverse_sqrt_schedule(o, 4)),
    ("inverse-sqrt", {"warmupSteps": 4, "timescale": 100}, 20,
     lambda o, n: hf.get_inverse_sqrt_schedule(o, 4, timescale=100)),
]


def factors(steps, make):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer, steps)
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])  # the rate of this optimizer step
        optimizer.step()
        scheduler.step()
    return out


with open("libs/schedules/src/testing/schedules.json", "w") as file:
    json.dump([{"id": id, "options": options, "factors": factors(steps, make)} for id, options, steps, make in CASES], file)
    file.write("\n")
