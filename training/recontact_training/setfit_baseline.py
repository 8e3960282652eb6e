"""SetFit, a baseline: contrastive fine-tuning of an encoder on pairs of comments, then logistic regression.

Tunstall et al. 2022, "Efficient few-shot learning without prompts", as the `setfit` package does it. Comments that
share a cause are drawn together and others apart; that part sees at most `PAIRED` comments, because the package lists
every pair of them, and `STEPS` batches. The regression learns from all comments.
"""

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from recontact_data.errors import MissingExtraError, ModelError
from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.ngram_baseline import best_cut
from recontact_data.taxonomy import Taxonomy
from recontact_training.resampling import Bools

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from sklearn.multiclass import OneVsRestClassifier

PAIRED = 2_000
STEPS = 2_000
BATCH = 16
LONGEST = 256  # pieces of a comment
SEED = 13


def setfit_predictions(
    encoder: str | Path,
    train: Sequence[LabelledComment],
    validation: Sequence[LabelledComment],
    test: Sequence[LabelledComment],
    taxonomy: Taxonomy,
    steps: int = STEPS,
) -> Bools:
    """Predictions of SetFit; its threshold a cause is chosen on the validation rows.

    Args:
        encoder: A Transformers folder or hub name.
        train: Comments to learn from.
        validation: Comments to choose the thresholds on.
        test: Comments to predict.
        taxonomy: The causes.
        steps: Batches of pairs.

    Returns:
        bool, shape (n_test, n_causes).

    Raises:
        MissingExtraError: setfit is not installed.
        ModelError: there is no encoder in the folder.
    """
    try:
        from setfit import SetFitModel, Trainer, TrainingArguments
    except ImportError as error:
        raise MissingExtraError("the SetFit baseline", "setfit") from error
    model = SetFitModel(model_body=_body(encoder), model_head=_head(), multi_target_strategy="one-vs-rest")
    texts, labels = [row.text for row in train], label_matrix(train, taxonomy).astype(int).tolist()
    paired = np.random.default_rng(SEED).permutation(len(train))[:PAIRED]
    with tempfile.TemporaryDirectory(prefix="recontact-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own arguments, and of causes that no row states
        arguments = TrainingArguments(
            output_dir=folder, batch_size=BATCH, num_epochs=1, max_steps=steps, seed=SEED, max_length=LONGEST,
            report_to="none", save_strategy="no", logging_strategy="no", show_progress_bar=False,
        )  # fmt: skip
        trainer = Trainer(model=model, args=arguments)
        trainer.train_embeddings([texts[i] for i in paired], [labels[i] for i in paired], args=arguments)
        trainer.train_classifier(texts, labels, args=arguments)
    scores, found = (
        np.asarray(model.predict_proba([row.text for row in rows], as_numpy=True, show_progress_bar=False))
        for rows in (validation, test)
    )
    truth = label_matrix(validation, taxonomy)
    return np.asarray(found >= np.array([best_cut(scores[:, k], truth[:, k]) for k in range(len(taxonomy))]))


def _body(encoder: str | Path) -> "SentenceTransformer":
    """The encoder with the mean of its states for a vector; its weights are read, nothing is unpickled."""
    from sentence_transformers import SentenceTransformer

    try:
        # One that is stored in half precision would be trained in it otherwise: slowly, and badly.
        body = SentenceTransformer(
            str(encoder), model_kwargs={"dtype": torch.float32}, local_files_only=Path(encoder).is_dir()
        )
    except (OSError, ValueError) as error:
        raise ModelError(f"no encoder at {encoder}; give a Transformers folder with a tokenizer") from error
    body.max_seq_length = min(LONGEST, body.max_seq_length or LONGEST)
    return body


def _head() -> "OneVsRestClassifier":
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    return OneVsRestClassifier(LogisticRegression(class_weight="balanced", max_iter=500))
