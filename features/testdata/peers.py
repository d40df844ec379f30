"""Writes peers.json: what scikit-learn 1.9.1 makes of small columns.

Run it with a Python that has scikit-learn: python peers.py > peers.json
"""

import json

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

rng = np.random.default_rng(7)
numbers = {
    "normal": rng.normal(50, 7, 40),
    "lognormal": rng.lognormal(1, 1.2, 60),
    "negative skew": -rng.lognormal(0, 1, 50),
    "both signs": rng.normal(0, 1, 45) ** 3 + 1,
    "years": rng.integers(1870, 2011, 60).astype(float),
    "amounts": np.round(rng.lognormal(8, 0.8, 80)),
    "zero inflated": np.where(rng.random(60) < 0.6, 0, rng.lognormal(3, 1, 60)),
    "large offset": 1e9 + rng.normal(0, 1, 30),
    "tiny": rng.lognormal(-12, 1, 40),
    "two values": np.array([0.0, 1, 1, 0, 1, 1, 1]),
    "constant": np.full(5, 3.3),
}


def fresh_for(x):
    """Values around the column: far ones would overflow in scikit-learn's power."""
    return (x.mean() + x.std() * np.array([-2.5, -1, 0, 0.3, 1, 3, 6])).tolist()


def column(x):
    return np.asarray(x, dtype=float).reshape(-1, 1)


cases = []
for name, x in numbers.items():
    for step, make in {
        "standardise": StandardScaler,
        "robust": RobustScaler,
        "min-max": MinMaxScaler,
        "yeo-johnson": PowerTransformer,
    }.items():
        if step == "yeo-johnson" and name in ("constant", "two values"):
            continue  # the likelihood has no maximum, or rounding decides
        t = make().fit(column(x))
        fresh = fresh_for(x)
        cases.append(
            {
                "step": step,
                "name": name,
                "train": x.tolist(),
                "fresh": fresh,
                "want_train": t.transform(column(x)).ravel().tolist(),
                "want_fresh": t.transform(column(fresh)).ravel().tolist(),
                "lambda": float(t.lambdas_[0]) if step == "yeo-johnson" else None,
            }
        )

holes = [3.5, None, 1, 1, None, 2, 9, 2, 4.25]
h = column([np.nan if v is None else v for v in holes])
imputes = []
for ours, theirs in [("median", "median"), ("mean", "mean"), ("most-frequent", "most_frequent")]:
    t = SimpleImputer(strategy=theirs, add_indicator=True).fit(h)
    imputes.append({"with": ours, "train": holes, "want": t.transform(h).tolist()})

levels = ["car", "radio", "house", "boat"]
codes = [0, 1, 1, 3, 0, 1, 3, 3, 0, 1]
hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit([[levels[c]] for c in codes])
# scikit-learn sorts levels by name; ours keep the order of their codes.
seen = [c for c in range(len(levels)) if c in codes]
order = [list(hot.categories_[0]).index(levels[c]) for c in seen]
onehot = {
    "levels": levels,
    "codes": codes,
    "fresh": [2, 0, 3],
    "want": hot.transform([[levels[c]] for c in codes])[:, order].tolist(),
    "want_fresh": hot.transform([[levels[c]] for c in [2, 0, 3]])[:, order].tolist(),
}

targets = []
tc = rng.integers(0, 6, 90)
for kind, y, classes in [
    ("binary", (rng.random(90) < 0.2 + 0.1 * tc).astype(int), 2),
    ("multiclass", rng.integers(0, 3, 90), 3),
    ("regression", rng.normal(tc, 1), 0),
]:
    smooth = 7.0
    t = TargetEncoder(
        target_type="continuous" if kind == "regression" else kind, smooth=smooth, random_state=0
    ).fit(tc.reshape(-1, 1), y)
    fresh_codes = [0, 1, 2, 3, 4, 5, 6]
    targets.append(
        {
            "task": kind,
            "classes": classes,
            "rows": smooth,
            "codes": tc.tolist(),
            "y": y.tolist(),
            "fresh": fresh_codes,
            "want": t.transform(np.array(fresh_codes).reshape(-1, 1)).tolist(),
        }
    )

texts = [
    "The quick brown fox",
    "the lazy dog; the quick cat",
    "",
    "Straße und ÜBER-Fluss",
    "quick quick slow 42",
]
tv = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b").fit(texts)
fresh_texts = ["the quick quick dog", "nothing known", "über straße und"]
text = {
    "train": texts,
    "fresh": fresh_texts,
    "terms": tv.get_feature_names_out().tolist(),
    "want": tv.transform(texts).toarray().tolist(),
    "want_fresh": tv.transform(fresh_texts).toarray().tolist(),
}

print(
    json.dumps(
        {
            "about": "scikit-learn 1.9.1, scipy 1.17.1, written by peers.py",
            "scalers": cases,
            "impute": imputes,
            "onehot": onehot,
            "target": targets,
            "text": text,
        },
        separators=(",", ":"),
    )
)
