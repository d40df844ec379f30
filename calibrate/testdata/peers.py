"""Writes peers.json: what scikit-learn 1.9.1 makes of small predictions.

Run it with a Python that has scikit-learn: python peers.py > peers.json
"""

import json

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, _TemperatureScaling
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression

rng = np.random.default_rng(3)


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose features are its own scores."""

    def __init__(self, classes):
        self.classes = classes

    def fit(self, X, y):
        self.classes_ = np.arange(self.classes)
        return self

    def predict(self, X):
        return X.argmax(axis=1)

    def decision_function(self, X):
        return X[:, 1] if self.classes == 2 else X


def logit(p):
    return np.log(p) - np.log1p(-p)


def calibrated(method, p, y, fresh):
    """CalibratedClassifierCV itself, given the log-odds as scores."""
    k = p.shape[1]
    model = CalibratedClassifierCV(FrozenEstimator(Given(k).fit(p, y)), method=method, ensemble=False)
    model.fit(logit(p), y)
    return model.predict_proba(logit(fresh))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def outcomes(p):
    return np.array([rng.choice(p.shape[1], p=row) for row in p])


cases = []
for name, k, n, sharp, shift in [
    ("overconfident binary", 2, 150, 2.5, 0.0),
    ("modest binary", 2, 120, 0.5, 0.7),
    ("three classes", 3, 200, 1.8, 0.3),
    ("four classes", 4, 160, 0.6, -0.4),
]:
    z = rng.normal(0, 1.2, (n + 25, k))
    truth = softmax(z)
    z2 = z * sharp
    z2[:, 0] += shift
    p = softmax(z2)
    if k == 2:  # with many ties, exact to the last bit
        p[:, 1] = np.clip(np.round(p[:, 1], 2), 0.01, 0.99)
        p[:, 0] = 1 - p[:, 1]
    y = outcomes(truth[:n])
    fresh = p[n:]
    case = {"name": name, "classes": k, "p": p[:n].tolist(), "y": y.tolist(), "fresh": fresh.tolist(), "want": {}}
    case["want"]["sigmoid"] = calibrated("sigmoid", p[:n], y, fresh).tolist()
    t = _TemperatureScaling().fit(p[:n], y)
    case["want"]["temperature"] = t.predict(fresh).tolist()
    case["sharpness"] = float(t.beta_)
    # CalibratedClassifierCV fits the same IsotonicRegression to its scores; ours
    # reads probabilities and keeps 1/(n+2) away from 0 and 1.
    ones = []
    for j in range(k):
        iso = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(p[:n, j], y == j)
        ones.append(np.clip(iso.predict(fresh[:, j]), 1 / (n + 2), 1 - 1 / (n + 2)))
    one = np.column_stack(ones)
    if k == 2:
        one[:, 0] = 1 - one[:, 1]
    case["want"]["isotonic"] = (one / one.sum(axis=1, keepdims=True)).tolist()
    cases.append(case)

print(json.dumps({"about": "scikit-learn 1.9.1, written by peers.py", "cases": cases}, separators=(",", ":")))
