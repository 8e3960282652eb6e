"""A tokenizer in a Transformers folder, such that older versions of Transformers open it too."""

import json
from pathlib import Path

from transformers import PreTrainedTokenizerBase

CONFIG = "tokenizer_config.json"
EVERYWHERE = "PreTrainedTokenizerFast"
"""What versions 4 and 5 know; 5 writes a name of its own, at which 4, and all that is built on it, gives up."""
OF_ITS_READING = ("is_local", "local_files_only")  # where it was read from, which says nothing of the tokenizer


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Writes a fast tokenizer's files into a folder."""
    tokenizer.save_pretrained(folder)
    file = folder / CONFIG
    content = json.loads(file.read_text(encoding="utf-8"))
    if content.get("tokenizer_class") == "TokenizersBackend":
        content["tokenizer_class"] = EVERYWHERE
    content = {key: value for key, value in content.items() if key not in OF_ITS_READING}
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
