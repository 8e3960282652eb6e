"""Fine-tunes by a recipe with several seeds; prints mean and spread of each figure on the test split.

    python benchmarks/seeds.py BASE OUT [--recipe finetune] [--seeds 13 14 15 16 17] [--texts POOL.jsonl] [--keep]
BASE is an encoder or a model. Each seed leaves its figures in OUT/<recipe>-<seed>.json, and is not trained again; its
model is thrown away, or with --keep left in OUT/model-<seed> (for `recontact average`). Stopped, the same command goes
on. With --texts, the real comments of the shipped index are judged too, apart.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from recontact import CauseClassifier
from recontact_data.labels import LabelledComment, load_labelled
from recontact_data.real_index import join_texts, read_index
from recontact_training.assessment import assess
from recontact_training.finetune import finetune
from recontact_training.recipe import FinetuneRecipe, load_recipe

FIGURES = ("macro_f1", "main_f1", "exact", "primary", "stated", "stated_unreviewed")
Figures = dict[str, dict[str, float]]  # by set of comments and name


def in_test(rows: Sequence[LabelledComment]) -> list[LabelledComment]:
    return [row for row in rows if row.split == "test"]


def figures_of(model: Path, sets: dict[str, list[LabelledComment]]) -> Figures:
    classifier = CauseClassifier.load(model)
    found: Figures = {}
    for name, rows in sets.items():
        judged = assess(classifier, rows)
        overall, report = judged.overall, judged.report
        own = {figure: float(getattr(report, figure)) for figure in FIGURES}
        own["unreviewed"] = 1 - report.reviewed
        own["confidence_error"] = overall.calibration.value
        own["worst_cause_error"] = max(cause.calibration.value for cause in judged.by_cause.values())
        own |= {f"macro_f1 {code}": value for code, value in report.languages.items()}
        own |= {f"main_f1 {code}": value for code, value in report.main_languages.items()}
        own |= {f"primary {code}": group.primary.value for code, group in judged.by_language.items()}
        found[name] = own
    return found


def table(runs: Sequence[Figures]) -> str:
    lines = [f"{len(runs)} seeds", "", "| figure | mean | deviation | lowest | highest |", "|---|---|---|---|---|"]
    for name in runs[0]:
        for figure in runs[0][name]:
            values = np.array([run[name][figure] for run in runs])
            spread = values.std(ddof=1) if len(values) > 1 else float("nan")
            lines.append(
                f"| {figure}, {name} | {values.mean():.3f} | {spread:.3f} | {values.min():.3f} | {values.max():.3f} |"
            )
    return "\n".join(lines)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("base", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--recipe", default="finetune")
    options.add_argument("--seeds", type=int, nargs="+", default=[13, 14, 15, 16, 17])
    options.add_argument("--texts", type=Path)
    options.add_argument("--keep", action="store_true")
    given = options.parse_args()
    rows = load_labelled()
    sets = {"written": in_test(rows)}
    if given.texts:
        sets["real"] = in_test(join_texts(read_index(), given.texts))
    recipe = load_recipe(given.recipe, FinetuneRecipe)
    given.out.mkdir(parents=True, exist_ok=True)
    runs = []
    for seed in given.seeds:
        file = given.out / f"{Path(given.recipe).stem}-{seed}.json"
        if not file.exists():
            model = given.out / f"model-{seed}"
            if not model.exists():
                finetune(rows, given.base, model, recipe=replace(recipe, seed=seed), report=say)
            file.write_text(json.dumps(figures_of(model, sets), indent=1), encoding="utf-8")
            if not given.keep:
                shutil.rmtree(model)
        runs.append(json.loads(file.read_text(encoding="utf-8")))
        say(f"\nseed {seed}: {file}\n{table(runs)}")


if __name__ == "__main__":
    main()
