"""Single candidates, as design may propose them, on outer folds.

    python bench/quality/candidates.py BINARY candidates.json [--seeds 0,1] [set ...]

candidates.json maps labels to {"model": ..., "params": ...}. By default the sets
are sets.DEVELOPMENT, which the comparison does not use: what is proposed is
decided there. Prints, per set and candidate, the out-of-fold loss against the
best of the list in percent, and savings by the per-row cut-off.
"""

import json
import os
import sys
import tempfile

import numpy as np
import quality
import sets


def main():
    arguments = sys.argv[1:]
    seeds = [0]
    if "--seeds" in arguments:
        i = arguments.index("--seeds")
        seeds = [int(s) for s in arguments[i + 1].split(",")]
        del arguments[i:i + 2]
    binary, path, names = arguments[0], arguments[1], arguments[2:] or list(sets.DEVELOPMENT)
    with open(path) as f:
        candidates = json.load(f)
    share, saved = {}, {}
    for name in names:
        found = {}
        for seed in seeds:
            quality.SEED = seed
            s = quality.Set(name)
            with tempfile.TemporaryDirectory() as at:
                s.write(at, 1)
                for label, c in candidates.items():
                    if c["model"].startswith("linear.") and ("logistic" in c["model"]) != s.classes:
                        continue
                    frame, folds = quality.ours(s, binary, at, "-candidate", json.dumps(c))
                    p = frame["number"].to_numpy()
                    money = quality.savings_of(s, [p > quality.cutoff(s)])[0] if s.money else np.nan
                    found.setdefault(label, []).append((quality.loss(s, p)[1], money, sum(f["cpu"] for f in folds)))
        means = {label: np.mean(v, axis=0) for label, v in found.items()}
        best = min(m[0] for m in means.values())
        print(f"\n{name}: {len(s.y)} rows, {s.x.shape[1]} columns, best loss {best:.5g}")
        for label, (loss, money, cpu) in means.items():
            print(f"  {label:28s} {loss:.5g} {100 * (loss / best - 1):+6.2f} %  savings {money:.3f}  {cpu / quality.FOLDS:.2f} processor s a fit", flush=True)
            share.setdefault(label, []).append(100 * (loss / best - 1))
            saved.setdefault(label, []).append(money)
    print("\nover all sets: mean and worst loss above the best, mean savings")
    for label, v in share.items():
        print(f"  {label:28s} {np.mean(v):+6.2f} % {np.max(v):+6.2f} %  {np.nanmean(saved[label]):.4f}")


if __name__ == "__main__":
    main()
