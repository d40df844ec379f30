"""Writes objectives.json: small data and what LightGBM 4.7.0 predicts for it
after some rounds with each objective, which the test reads. Run it with
LightGBM installed; with an argument it writes to that file instead.

Numbers are positive and have few values, so that both programs cut the same
bins (LightGBM keeps a bin for zero). Least numbers of rows are 1, since LightGBM
estimates the rows of a leaf from the hessian and we count them.
"""

import json
import os
import sys

import lightgbm as lgb
import numpy as np

r = np.random.default_rng(11)
n = 800
x = np.column_stack([
    r.integers(1, 60, n),
    r.integers(1, 40, n) / 8,
    np.where(r.random(n) < 0.2, np.nan, r.integers(1, 50, n)),
    r.integers(1, 30, n),
]).astype(float)
score = 0.02 * x[:, 0] - 0.4 * x[:, 1] + np.where(np.isnan(x[:, 2]), 0.7, 0.02 * x[:, 2]) + 0.3 * (x[:, 3] > 12) * (x[:, 0] > 30)
numbers = np.round(score + r.standard_t(2, n), 3)
counts = r.poisson(np.exp(score)).astype(float)
amounts = np.round(np.exp(score) * r.gamma(2.0, 0.5, n) + 0.01, 4)
claims = np.round(np.where(r.random(n) < 0.4, 0, amounts), 4)
queries = np.sort(r.integers(0, 70, n))
grades = np.clip(np.floor(1.2 + score + r.normal(size=n)), 0, 4)

targets = {"numbers": numbers, "counts": counts, "amounts": amounts, "claims": claims, "grades": grades}
CASES = [
    ("huber", "numbers", {"objective": "huber", "delta": 0.8, "leaf_values": "step"}, {"objective": "huber", "alpha": 0.8}),
    ("poisson", "counts", {"objective": "poisson"}, {"objective": "poisson"}),
    ("gamma", "amounts", {"objective": "gamma"}, {"objective": "gamma"}),
    ("tweedie", "claims", {"objective": "tweedie", "variance_power": 1.3}, {"objective": "tweedie", "tweedie_variance_power": 1.3}),
    ("lambdarank", "grades", {"objective": "lambdarank", "truncation": 5}, {"objective": "lambdarank", "lambdarank_truncation_level": 5}),
    ("lambdarank, plain", "grades", {"objective": "lambdarank", "rank_norm": "no"}, {"objective": "lambdarank", "lambdarank_norm": False}),
    ("interactions", "numbers", {}, {"objective": "regression", "interaction_constraints": [[0, 1], [1, 2], [3]]}),
]
base = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True, "num_leaves": 12, "min_data_in_leaf": 1,
        "min_sum_hessian_in_leaf": 2.0, "min_data_in_bin": 1, "learning_rate": 0.1}
cases = []
for name, target, ours, theirs in CASES:
    data = lgb.Dataset(x, targets[target], group=np.bincount(queries)[np.unique(queries)] if target == "grades" else None,
                       params={"verbosity": -1, "min_data_in_bin": 1})
    rounds = 8
    m = lgb.train(base | theirs | {"num_iterations": rounds}, data)
    case = {"name": name, "target": target,
            "params": ours | {"rounds": rounds, "num_leaves": 12, "min_child_samples": 1, "min_sum_hessian": 2.0, "min_data_in_bin": 1},
            "predictions": [float(f"{v:.9g}") for v in m.predict(x)]}
    if "interaction_constraints" in theirs:
        case["interactions"] = theirs["interaction_constraints"]
    cases.append(case)

at = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "objectives.json")
with open(at, "w") as f:
    json.dump({"x": [[None if np.isnan(v) else v for v in row] for row in x.tolist()], "queries": queries.tolist(),
               "targets": {k: v.tolist() for k, v in targets.items()}, "cases": cases}, f, separators=(",", ":"))
