"""What it is worth to read comments as they were meant: F1 with and without `recontact.spelling`.

    python benchmarks/spelling.py [--model DIR] [--split validation] [--texts POOL.jsonl]
The shipped comments as they are; without accents (Cyrillic in Latin letters, Traditional Chinese); with a slip in every
25th letter, as training draws both (`recontact_training.variants`); and real comments whose texts are in POOL. Also
the time that reading takes, beside that of the whole answer.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recontact import CauseClassifier
from recontact.spelling import restore
from recontact_data.labels import LabelledComment, load_labelled
from recontact_data.real_index import join_texts, read_index
from recontact_training.variants import in_plain_letters, with_slips

SEED = 5


def figures(classifier: CauseClassifier, rows: Sequence[LabelledComment]) -> tuple[float, float, float]:
    """Macro-F1, that of the main causes, and the share of exact sets."""
    found = classifier.predict([row.text for row in rows])
    true = np.array([[cause in row.labels for cause in classifier.taxonomy.ids] for row in rows])
    stated = np.maximum(found.sum(0) + true.sum(0), 1)
    f1 = 2 * (found & true).sum(0) / stated
    main = [cause.main for cause in classifier.taxonomy.causes]
    return float(f1.mean()), float(f1[main].mean()), float((found == true).all(1).mean())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path)
    options.add_argument("--split", default="validation")
    options.add_argument("--texts", type=Path)
    given = options.parse_args()
    rng = np.random.default_rng(SEED)
    rows = [row for row in load_labelled() if row.split == given.split]
    sets = {
        "as written": rows,
        "without accents": [in_plain_letters(row, rng) for row in rows],
        "with slips": [with_slips(row, rng) for row in rows],
    }
    if given.texts:
        sets["real"] = [row for row in join_texts(read_index(), given.texts) if row.split == given.split]
    typed, meant = CauseClassifier.load(given.model, as_typed=True), CauseClassifier.load(given.model)
    sys.stdout.write("| comments | changed | macro-F1, as typed | as meant | main causes | | exact | | ms to mend |\n")
    sys.stdout.write("|---|---|---|---|---|---|---|---|---|\n")
    for name, comments in sets.items():
        begun = time.process_time()
        changed = sum(restore(row.text).text != row.text for row in comments)
        taken = 1000 * (time.process_time() - begun) / len(comments)
        pairs = zip(figures(typed, comments), figures(meant, comments), strict=True)
        cells = " | ".join(f"{before:.3f} | {after:.3f}" for before, after in pairs)
        sys.stdout.write(f"| {name} ({len(comments)}) | {changed} | {cells} | {taken:.2f} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
