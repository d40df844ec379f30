"""The data sets of the quality comparison: where they lie, their target, what
must not be read, and what right and wrong answers cost.

Each set is a pandas frame with a target column; `money` gives, per row, the
cost of a false positive, a false negative, a true positive and a true negative
(None where the set has no known money).
"""

import gzip
import io
import os

import numpy as np
import pandas as pd

DATA = os.environ.get("BESPOKE_DATA", os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "data"))


def _csv(*path, **options):
    return pd.read_csv(os.path.join(DATA, *path), keep_default_na=False, na_values=["", "NA"], **options)


def credit_g():
    here = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "credit-g", "data", "credit-g.csv")
    frame = pd.read_csv(here, keep_default_na=False)
    n = len(frame)
    return frame, "class", "bad", (np.ones(n), np.full(n, 5.0), np.zeros(n), np.zeros(n))


def mlc_churn():
    return _csv("mlc-churn", "mlc_churn.csv"), "churn", "yes", None


def lending_club():
    return _csv("lending-club", "lending_club.csv"), "Class", "bad", None


def spambase():
    frame = _csv("spambase", "spam.csv")
    return frame, frame.columns[-1], "spam", None


# What a bank knows before it calls; the other columns, such as the length of
# the call, are known only afterwards.
BANK = ["age", "balance", "previous", "job", "marital", "education", "default", "housing", "loan", "poutcome", "y"]


def bank_costs():
    frame = _csv("bank-costs", "bankmarketing.csv.gz", sep=";")
    frame = frame[frame["balance"] > 0][BANK].reset_index(drop=True)
    n = len(frame)
    missed = np.maximum(frame["balance"].to_numpy() * 0.02463333 * 0.25, 1.0)
    return frame, "y", "yes", (np.ones(n), missed, np.ones(n), np.zeros(n))


def tv_churn():
    with gzip.open(os.path.join(DATA, "tv-churn", "churn_tv_subscriptions.csv.gz")) as f:
        frame = pd.read_csv(io.BytesIO(f.read()))
    money = tuple(frame[c].to_numpy() for c in ["C_FP", "C_FN", "C_TP", "C_TN"])
    frame["target"] = np.where(frame["target"] == 1, "leaves", "stays")
    return frame.drop(columns=["id"]), "target", "leaves", money


def breast_cancer():
    names = [f"x{i}" for i in range(30)] + ["diagnosis"]
    frame = pd.read_csv(os.path.join(DATA, "sklearn-bundled", "breast_cancer.csv"), skiprows=1, names=names)
    frame["diagnosis"] = np.where(frame["diagnosis"] == 0, "malignant", "benign")
    return frame, "diagnosis", "malignant", None


def diamonds():
    return _csv("diamonds", "diamonds.csv"), "price", None, None


def ames():
    return _csv("ames", "ames.csv"), "Sale_Price", None, None


# The columns that hold money, not knowledge: models must not read them.
HIDDEN = {"tv-churn": ["C_FP", "C_FN", "C_TP", "C_TN"]}

SETS = {
    "credit-g": credit_g, "mlc-churn": mlc_churn, "lending-club": lending_club, "spambase": spambase,
    "bank-costs": bank_costs, "tv-churn": tv_churn, "breast-cancer": breast_cancer, "diamonds": diamonds, "ames": ames,
}

# The money of each set that has one, in the words of a scenario file.
VALUE = {
    "credit-g": {"refuse": {"good": "-1", "bad": "0"}, "grant": {"good": "0", "bad": "-5"}},
    "bank-costs": {"leave": {"no": "0", "yes": "-max(balance * 0.02463333 * 0.25, 1)"}, "call": {"no": "-1", "yes": "-1"}},
    "tv-churn": {"leave": {"stays": "-C_TN", "leaves": "-C_FN"}, "offer": {"stays": "-C_FP", "leaves": "-C_TP"}},
}


# Sets on which proposals and rules are developed, so that those above stay
# unseen. Their money is made up: five for one.


def _five(frame, target, positive):
    n = len(frame)
    return frame, target, positive, (np.ones(n), np.full(n, 5.0), np.zeros(n), np.zeros(n))


def credit_data():
    return _five(_csv("credit-data", "credit_data.csv"), "Status", "bad")


def telco_churn():
    frame = _csv("telco-churn", "Telco-Customer-Churn.csv", skipinitialspace=True).drop(columns=["customerID"])
    return _five(frame, "Churn", "Yes")


def attrition():
    return _five(_csv("attrition", "attrition.csv"), "Attrition", "Yes")


def online_shoppers():
    frame = _csv("online-shoppers", "online_shoppers_intention.csv")
    frame["Revenue"] = np.where(frame["Revenue"].astype(str).str.upper().isin(["1", "TRUE"]), "buys", "leaves")
    return _five(frame, "Revenue", "buys")


def abalone():
    names = ["sex", "length", "diameter", "height", "whole", "shucked", "viscera", "shell", "rings"]
    frame = _csv("abalone", "abalone.csv", header=None, names=names)
    frame["rings"] = frame["rings"].astype(float)
    return frame, "rings", None, None


def wine_quality():
    names = ["fixed", "volatile", "citric", "sugar", "chlorides", "free", "total", "density", "ph", "sulphates", "alcohol", "quality"]
    return _csv("wine-quality", "winequality-white.csv", header=None, names=names), "quality", None, None


DEVELOPMENT = {
    "credit-data": credit_data, "telco-churn": telco_churn, "attrition": attrition, "online-shoppers": online_shoppers,
    "abalone": abalone, "wine-quality": wine_quality,
}

VALUE |= {
    "credit-data": {"grant": {"good": "0", "bad": "-5"}, "refuse": {"good": "-1", "bad": "0"}},
    "telco-churn": {"leave": {"No": "0", "Yes": "-5"}, "offer": {"No": "-1", "Yes": "0"}},
    "attrition": {"leave": {"No": "0", "Yes": "-5"}, "offer": {"No": "-1", "Yes": "0"}},
    "online-shoppers": {"leave": {"leaves": "0", "buys": "-5"}, "offer": {"leaves": "-1", "buys": "0"}},
}
