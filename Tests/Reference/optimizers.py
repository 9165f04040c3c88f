#!/usr/bin/env python3
"""Trajectories of 100 steps of each optimiser, worked out in f64 by PyTorch (torch.optim) and, where it has none, by Optax.

usage: optimizers.py [FILE]    (default: ../RuntimeTests/Fixtures/optimizers.npz)

    loss = mean((tanh(x @ w1 + b1) @ w2 - y)^2)

The file holds x, y and the first w1, b1, w2, and for each case `CASE.loss`, the losses before each step, and the parameters after
the last: `CASE.w1`, `CASE.b1`, `CASE.w2`. The cases' settings are those of `OptimizerTests.cases`.
"""

import os
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch

jax.config.update("jax_enable_x64", True)
HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 100

random = np.random.RandomState(7)
START = {
    "x": random.normal(size=(16, 3)),
    "y": random.normal(size=(16, 2)),
    "w1": random.normal(size=(3, 5)),
    "b1": random.normal(size=(1, 5)),
    "w2": random.normal(size=(5, 2)),
}
NAMES = ["w1", "b1", "w2"]


def by_torch(make, change=lambda parameters: None, schedule=None):
    parameters = [torch.tensor(START[name], requires_grad=True) for name in NAMES]
    x, y = torch.tensor(START["x"]), torch.tensor(START["y"])
    optimizer = make(parameters)
    scheduler = schedule(optimizer) if schedule else None
    losses = []
    for _ in range(STEPS):
        w1, b1, w2 = parameters
        loss = ((torch.tanh(x @ w1 + b1) @ w2 - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        change(parameters)
        losses.append(loss.item())
        optimizer.step()
        if scheduler:
            scheduler.step()
    return losses, [parameter.detach().numpy() for parameter in parameters]


def by_optax(optimizer):
    parameters = [jnp.array(START[name]) for name in NAMES]
    x, y = jnp.array(START["x"]), jnp.array(START["y"])

    def loss_of(parameters):
        w1, b1, w2 = parameters
        return jnp.mean((jnp.tanh(x @ w1 + b1) @ w2 - y) ** 2)

    step = jax.jit(jax.value_and_grad(loss_of))
    state = optimizer.init(parameters)
    losses = []
    for _ in range(STEPS):
        loss, gradients = step(parameters)
        losses.append(float(loss))
        updates, state = optimizer.update(gradients, state, parameters)
        parameters = optax.apply_updates(parameters, updates)
    return losses, [np.array(parameter) for parameter in parameters]


def clipped_by_value(parameters):
    torch.nn.utils.clip_grad_value_(parameters, 0.05)


optim = torch.optim
CASES = {
    "sgd": lambda: by_torch(lambda p: optim.SGD(p, lr=0.1)),
    "sgd_decay": lambda: by_torch(lambda p: optim.SGD(p, lr=0.1, weight_decay=0.05)),
    "momentum": lambda: by_torch(lambda p: optim.SGD(p, lr=0.02, momentum=0.9)),
    "nesterov": lambda: by_torch(lambda p: optim.SGD(p, lr=0.02, momentum=0.8, nesterov=True)),
    "adagrad": lambda: by_torch(lambda p: optim.Adagrad(p, lr=0.1)),
    "rmsprop": lambda: by_torch(lambda p: optim.RMSprop(p, lr=0.01)),
    "adam": lambda: by_torch(lambda p: optim.Adam(p, lr=0.01)),
    "adam_options": lambda: by_torch(lambda p: optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-6)),
    "adamw": lambda: by_torch(lambda p: optim.AdamW(p, lr=0.01)),
    "adamw_decay": lambda: by_torch(lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.2)),
    "lion": lambda: by_optax(optax.lion(0.003, weight_decay=0.1)),
    "clip_value": lambda: by_torch(lambda p: optim.SGD(p, lr=0.1), change=clipped_by_value),
    "clip_norm": lambda: by_optax(optax.chain(optax.clip_by_global_norm(0.3), optax.sgd(0.1))),
    "cosine": lambda: by_optax(optax.sgd(optax.cosine_decay_schedule(0.2, 80, alpha=0.1))),
    "step": lambda: by_torch(
        lambda p: optim.SGD(p, lr=0.2), schedule=lambda o: optim.lr_scheduler.StepLR(o, 30, gamma=0.5)
    ),
    "warmup": lambda: by_torch(
        lambda p: optim.Adam(p, lr=0.01),
        schedule=lambda o: optim.lr_scheduler.LambdaLR(o, lambda epoch: min(1, (epoch + 1) / 20)),
    ),
}


def main():
    arrays = dict(START)
    for name, run in CASES.items():
        losses, parameters = run()
        arrays[name + ".loss"] = np.array(losses)
        for key, value in zip(NAMES, parameters):
            arrays[f"{name}.{key}"] = value
    file = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "../RuntimeTests/Fixtures/optimizers.npz")
    np.savez(file, **arrays)


if __name__ == "__main__":
    main()
