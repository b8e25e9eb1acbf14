"""The handlers that SageMaker's scikit-learn container calls.

A request is images of 8 x 8 pixels, each a row of 64 numbers from 0 to 16: as JSON
``{"instances": [[0, 0, 5, ...]]}``, or as CSV with one image on each line. The answer has, for each
image, the digit and how probable it is.
"""

import json
from pathlib import Path

import joblib
import numpy as np

PIXELS = 64


def model_fn(model_dir):
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body, content_type):
    if content_type == "application/json":
        images = np.array(json.loads(body)["instances"], dtype=float)
    elif content_type == "text/csv":
        images = np.array([line.split(",") for line in body.split()], dtype=float)
    else:
        raise ValueError(f"Send application/json or text/csv, not {content_type}")
    if images.ndim != 2 or images.shape[1] != PIXELS:
        raise ValueError(f"Each image has {PIXELS} numbers; the request has shape {images.shape}")
    return images


def predict_fn(images, model):
    return [
        {"digit": int(model.classes_[shares.argmax()]), "probability": round(shares.max(), 4)}
        for shares in model.predict_proba(images)
    ]


def output_fn(predictions, accept):
    if accept == "text/csv":
        lines = [f"{each['digit']},{each['probability']}\n" for each in predictions]
        return "".join(lines), "text/csv"
    return json.dumps({"predictions": predictions}), "application/json"
