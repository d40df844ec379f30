"""Whether training for money earns more than training for probabilities.

    python bench/quality/stakes.py BINARY FOLDER set:inner_folds:seeds ...
    python bench/quality/stakes.py /tmp/quality /tmp/stakes credit-g:5:0,1,2,3 tv-churn:3:0 bank-costs:3:0 attrition:5:0,1

For each set it runs ours on 5 outer folds with -study, proposals only, as
rules.py does, which refits every proposal and predicts the outer fold with it.
Every candidate is calibrated by what its own inner folds chose, and decides per
row by the payoffs. FOLDER keeps what was run.

Prints, per set: savings against the better constant action; the difference to
the same candidate trained for probabilities with the standard error of the
paired rows; log-loss; what the best single candidate and the committee (see
blend.py) earn with and without candidates trained for money among the
proposals. A seed changes the outer folds and the search. Beside them CSLogit and CSBoost of empulse with their defaults (the latter
on LightGBM, missing numbers filled with the median), by the cut-off of each row and, in brackets, by one half.
"""

import os
import subprocess
import sys
import warnings

import blend
import lightgbm
import numpy as np
import pandas as pd
import quality
import rules
from empulse.models import CSBoostClassifier, CSLogitClassifier
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")

PLAIN = ["logistic regression", "boosted trees, shallow"]
FOR_MONEY = [", weighted by stakes", ", for expected loss"]


def trained_for_money(label):
    return any(label.endswith(w) for w in FOR_MONEY)


def study(binary, folder, s, inner):
    at = os.path.join(folder, f"{s.name}-{quality.SEED}")
    if not os.path.exists(os.path.join(at, f"fold-{quality.FOLDS - 1}.bin")):
        os.makedirs(at, exist_ok=True)
        s.write(at, 1, inner)  # one trial: the proposals and nothing drawn
        subprocess.run([binary, "-scenario", os.path.join(at, "scenario.yaml"), "-folds", os.path.join(at, "folds.txt"),
                        "-out", os.path.join(at, "ours.csv"), "-study", at, "-threads", str(quality.THREADS)], check=True)
    return [rules.Fold(s, os.path.join(at, f"fold-{k}")) for k in range(quality.FOLDS)]


def chosen(f, among):
    """The single candidate that the rule of the product takes."""
    return f.by_loss(f.told_apart(f.money, 2, among))[0]


def committee(f, among):
    """The mean of a few that the product takes instead, calibrated again."""
    return blend.greedy(f, f.by_loss(f.told_apart(f.money, 2, among)), 5)


def collect(s, folds, predict):
    """Predictions of all rows, each by what predict gives for its fold."""
    p = np.empty(len(s.y))
    for f in folds:
        p[f.test] = predict(f)
    return p


def proposals(f, money):
    """All candidates, or those that are trained for probabilities."""
    return np.array([i for i, label in enumerate(f.labels) if money or not trained_for_money(label)])


# The choice among the proposals, without and with those for money.
CHOICES = {"best single one": lambda f, among: f.becomes[chosen(f, among)], "committee": committee}
WITHOUT, WITH = ", none for money proposed", ", four for money proposed"


def everybody(s, folds):
    """Predictions by contender, and how many of the single choices are for money."""
    out = {}
    for label in [plain + w for plain in PLAIN for w in [""] + FOR_MONEY]:
        out[label] = collect(s, folds, lambda f, label=label: f.becomes[f.labels.index(label)])
    for name, choice in CHOICES.items():
        for ending in (WITHOUT, WITH):
            out[name + ending] = collect(s, folds, lambda f, c=choice, e=ending: c(f, proposals(f, e == WITH)))
    return out, sum(trained_for_money(f.labels[chosen(f, proposals(f, True))]) for f in folds)


def compared_with(label):
    """The same without money."""
    for w in FOR_MONEY:
        label = label.removesuffix(w)
    return label.removesuffix(WITH) + WITHOUT if label.endswith(WITH) else label


def lines(binary, folder, name, inner, seeds):
    """Rows of the table; all figures are means over the seeds, row by row."""
    costs, halves, losses, picks = {}, {}, {}, 0
    for quality.SEED in seeds:
        s = quality.Set(name)
        predicted, n = everybody(s, study(binary, folder, s, inner))
        picks += n
        for label, p in (predicted | peers(s)).items():
            costs.setdefault(label, []).append(quality.cost(s, p > quality.cutoff(s)))
            halves.setdefault(label, []).append(quality.cost(s, p > 0.5).mean())
            losses.setdefault(label, []).append(quality.losses(s, p).mean())
    base = min(quality.cost(s, np.full(len(s.y), act)).mean() for act in (False, True))
    costs = {label: np.mean(c, axis=0) for label, c in costs.items()}
    for label, c in costs.items():
        saved, more = f"{1 - c.mean() / base:.3f}", ""
        if label.startswith("empulse"):
            saved += f" ({1 - np.mean(halves[label]) / base:.3f})"
        elif compared_with(label) != label:
            d = (costs[compared_with(label)] - c) / base
            more = f"{d.mean():+.3f} ± {d.std(ddof=1) / np.sqrt(len(d)):.3f}"
        shown = f"{label}; it takes one for money in {picks} of {quality.FOLDS * len(seeds)} folds" if label == "best single one" + WITH else label
        print(f"| {name} ({len(seeds)}) | {shown} | {saved} | {more} | {np.mean(losses[label]):.4f} |", flush=True)


def numbers(x):
    """Categories as codes, which LightGBM takes inside CSBoost."""
    return x.apply(lambda c: c.cat.codes if isinstance(c.dtype, pd.CategoricalDtype) else c).astype(float)


def one_hot(x):
    words = [c for c in x if isinstance(x[c].dtype, pd.CategoricalDtype)]
    rest = [c for c in x if c not in words]
    return make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), rest),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words))


def peers(s):
    """Out-of-fold predictions of empulse by its defaults."""
    out = {}
    for name in ("CSLogit", "CSBoost"):
        p = np.empty(len(s.y))
        for k in range(quality.FOLDS):
            test = s.fold == k
            if name == "CSLogit":
                made, model = one_hot(s.x), CSLogitClassifier()
            else:
                made = make_pipeline(FunctionTransformer(numbers), SimpleImputer(strategy="median"))
                model = CSBoostClassifier(lightgbm.LGBMClassifier(n_jobs=quality.THREADS, random_state=quality.SEED, verbose=-1))
            train, held = made.fit_transform(s.x[~test]), made.transform(s.x[test])
            fp, fn, tp, tn = (m[~test] for m in s.money)
            model.fit(train, s.y[~test].astype(int), fp_cost=fp, fn_cost=fn, tp_cost=tp, tn_cost=tn)
            p[test] = model.predict_proba(held)[:, 1]
        out["empulse " + name] = p
    return out


def main():
    binary, folder, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    print("| set (seeds) | candidate | savings | saves more than for probabilities | log-loss |\n|---|---|---|---|---|")
    for word in wanted:
        name, inner, seeds = word.split(":")
        lines(binary, folder, name, int(inner), [int(v) for v in seeds.split(",")])


if __name__ == "__main__":
    main()
