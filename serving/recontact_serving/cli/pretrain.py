"""`recontact pretrain`: open text and an English encoder in, a multilingual encoder out."""

from pathlib import Path
from typing import Annotated

import typer


def pretrain(
    corpus: Annotated[Path, typer.Argument(help="Folder with mono/, parallel/ and dict/.")],
    teacher: Annotated[Path, typer.Option(help="Transformers folder of an English sentence encoder.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to make; run again to go on.")],
    start: Annotated[
        Path | None,
        typer.Option(help="Encoder to go on from, with its vocabulary. Default: the teacher's body, a new one."),
    ] = None,
    recipe: Annotated[str, typer.Option(help="Recipe: a YAML file, or a name that ships.")] = "pretrain-minilm",
) -> None:
    """Make a multilingual encoder from an English one.

    Examples:
      recontact pretrain corpus/ --teacher all-MiniLM-L6-v2/ -o encoder
      recontact pretrain my-corpus/ --teacher all-MiniLM-L6-v2/ --start encoder/encoder -o my-encoder
    """
    from recontact_data.errors import MissingExtraError

    try:
        from recontact_training.pretrain import pretrain as run
        from recontact_training.recipe import PretrainRecipe, load_recipe
    except ImportError as error:
        raise MissingExtraError("recontact pretrain", "train") from error
    dials = load_recipe(recipe, PretrainRecipe)
    run(corpus, dials, teacher, output, start, lambda line: typer.echo(line, err=True))
