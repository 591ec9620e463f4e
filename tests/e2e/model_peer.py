"""Runs in the Python of tools/xgboost_peer, for tests/e2e/model.py: Python's own XGBoost and scikit-learn as the other opinion.

    model_peer.py check MODEL PREDICTIONS FIGURES   a model of ours and what millrace made of a table: probabilities to the bit, figures
    model_peer.py train FOLDER                      models of Python's own, and what it says of the rows in FOLDER/rows.jsonl
    model_peer.py golden FOLDER                     small ones, with their answers and figures: writes tests/unit/model/golden anew
"""
import json
import pathlib
import sys

import numpy as np
import sklearn.metrics as metrics
import xgboost


def inputs_of(features, rows):
    """Encodes as docs/model.md says: a feature is a number, or an input for each category but the first; missing is NaN."""
    columns = []
    for f in features:
        values = [row[f["name"]] for row in rows]
        if f["type"] == "text":
            for category in f["categories"][1:]:
                columns.append([np.nan if v is None else float(v == category) for v in values])
        else:
            numbers = np.array([np.nan if v is None else float(v) for v in values])
            if "mean" in f:
                numbers = (numbers - f["mean"]) / f["deviation"]
            columns.append(numbers)
    return np.array(columns, dtype=np.float64).T.astype(np.float32)


def close(found, expected, what):
    assert abs(found - expected) <= 1e-9 * max(1, abs(expected)), f"{what}: millrace says {found!r}, scikit-learn {expected!r}"


def check(model, predictions, figures):
    model = json.loads(pathlib.Path(model).read_text())
    booster = xgboost.Booster()
    booster.load_model(bytearray(json.dumps(model["xgboost"]), "utf-8"))  # XGBoost's part, as it stands
    rows = [json.loads(line) for line in pathlib.Path(predictions).read_text().splitlines()]
    ours = np.array([row["probability"] for row in rows], dtype=np.float32)
    names = model["xgboost"]["learner"]["feature_names"]
    theirs = booster.predict(xgboost.DMatrix(inputs_of(model["features"], rows), feature_names=names))
    assert len(set(ours)) > 10, "the probabilities are all alike"
    different = int((ours.view(np.uint32) != theirs.view(np.uint32)).sum())
    assert different == 0, f"{different} of {len(rows)} probabilities differ, by up to {abs(ours - theirs).max()}"

    y = np.array([int(row[model["label"]]) for row in rows])
    p = ours.astype(np.float64)
    said = (p >= model["threshold"]).astype(int)
    found = json.loads(pathlib.Path(figures).read_text())["model"]
    tn, fp, fn, tp = metrics.confusion_matrix(y, said).ravel()
    assert (tn, fp, fn, tp) == tuple(found[k] for k in ("true_negatives", "false_positives", "false_negatives", "true_positives"))
    for average, prefix in (("binary", ""), ("weighted", "weighted_")):
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(y, said, average=average, zero_division=0)
        for name, value in (("precision", precision), ("recall", recall), ("f1", f1)):
            close(found[prefix + name], value, prefix + name)
    close(found["accuracy"], metrics.accuracy_score(y, said), "accuracy")
    close(found["roc_auc"], metrics.roc_auc_score(y, p), "roc_auc")
    close(found["pr_auc"], metrics.average_precision_score(y, p), "pr_auc")
    close(found["log_loss"], metrics.log_loss(y, p), "log_loss")
    close(found["brier"], metrics.brier_score_loss(y, p), "brier")
    print(f"{len(rows)} probabilities equal to the bit, figures equal scikit-learn's")


def golden(folder):
    folder, names = pathlib.Path(folder), ["a", "b", "c"]
    chance = np.random.default_rng(11)
    rows = np.round(np.column_stack([chance.exponential(40, 200), chance.integers(0, 7, 200), chance.normal(0, 1, 200)]), 2)
    y = (chance.random(200) < 1 / (1 + np.exp(1.5 + 0.02 * rows[:, 0] - 0.5 * rows[:, 1] - 0.4 * rows[:, 2]))).astype(int)
    rows[chance.random(rows.shape) < 0.05] = np.nan
    bits, whole = {}, ~np.isnan(rows).any(axis=1)
    for name, parameters, rounds in (("boosted", {"max_depth": 3}, 6), ("forest", {"num_parallel_tree": 6, "subsample": 0.6, "max_depth": 4}, 1),
                                     ("linear", {"booster": "gblinear", "updater": "coord_descent"}, 20)):
        of = whole if name == "linear" else slice(None)
        booster = xgboost.train({"objective": "binary:logistic", "seed": 3, "nthread": 1, **parameters},
                                xgboost.DMatrix(rows[of], label=y[of], feature_names=names), rounds)
        booster.save_model(folder / f"python_{name}.json")
        bits[name] = booster.predict(xgboost.DMatrix(rows, feature_names=names)).view(np.uint32)
    (folder / "python_answers.txt").write_text("".join(
        " ".join([*("-" if np.isnan(v) else repr(float(v)) for v in row), str(label), *(str(bits[name][i]) for name in bits)]) + "\n"
        for i, (row, label) in enumerate(zip(rows, y))))
    p = bits["boosted"].view(np.float32).astype(np.float64)
    said = (p >= 0.5).astype(int)
    figures = {"accuracy": metrics.accuracy_score(y, said), "roc_auc": metrics.roc_auc_score(y, p), "pr_auc": metrics.average_precision_score(y, p),
               "log_loss": metrics.log_loss(y, p), "brier": metrics.brier_score_loss(y, p)}
    for average, prefix in (("binary", ""), ("weighted", "weighted_")):
        figures |= zip((prefix + name for name in ("precision", "recall", "f1")), metrics.precision_recall_fscore_support(y, said, average=average))
    (folder / "python_figures.txt").write_text("".join(f"{name} {float(value)!r}\n" for name, value in figures.items()))


def train(folder):
    folder = pathlib.Path(folder)
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    names = ["registered_days", "thumbs_down", "adverts"]
    features = [{"name": n, "type": "double"} for n in names]
    y = np.array([row["churned"] for row in rows])
    data = xgboost.DMatrix(inputs_of(features, rows), label=y, feature_names=names)
    for name, parameters, rounds in (("boosted", {"max_depth": 4}, 15),
                                     ("forest", {"num_parallel_tree": 30, "subsample": 0.6, "max_depth": 12}, 1)):
        booster = xgboost.train({"objective": "binary:logistic", "seed": 3, "nthread": 1, **parameters}, data, rounds)
        booster.save_model(folder / f"python-{name}.json")
        (folder / f"python-{name}.txt").write_text(" ".join(map(str, booster.predict(data).view(np.uint32))))
    print(xgboost.__version__)


if __name__ == "__main__":
    {"check": check, "train": train, "golden": golden}[sys.argv[1]](*sys.argv[2:])
