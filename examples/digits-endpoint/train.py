"""Train the classifier of handwritten digits and save it as model/model.joblib.

Run it again with ``python train.py``. To serve the model on AWS, train with the scikit-learn of the
image (``pip install scikit-learn==1.2.1`` for sagemaker-scikit-learn:1.2-1): a saved model is meant
for the version that saved it.
"""

from pathlib import Path

import joblib
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

HERE = Path(__file__).parent


def main() -> None:
    images, digits = load_digits(return_X_y=True)
    train_images, test_images, train_digits, test_digits = train_test_split(
        images, digits, test_size=0.25, random_state=7, stratify=digits
    )
    model = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=300, random_state=7))
    model.fit(train_images, train_digits)
    joblib.dump(model, HERE / "model" / "model.joblib", compress=3)
    print(
        f"accuracy on {len(test_digits)} unseen digits: {model.score(test_images, test_digits):.3f}"
    )


if __name__ == "__main__":
    main()
