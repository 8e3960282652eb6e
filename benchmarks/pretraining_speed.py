"""Pieces a second of a forward and backward pass through a 6 × 384 BERT, by precision and attention.

Prints one row a variant, the ratio to plain float32 beside it. Run it on a machine with nothing else to do:
    python benchmarks/pretraining_speed.py [pieces a batch]
"""

import contextlib
import sys
import time

import torch
from transformers import BertConfig, BertModel

LENGTH, REPEATS, VOCABULARY = 24, 8, 32_000
VARIANTS = [
    ("float32", "eager"),
    ("float32", "sdpa"),
    ("autocast", "eager"),
    ("autocast", "sdpa"),
    ("bfloat16 products", "eager"),
    ("bfloat16 weights", "sdpa"),
    ("bfloat16 weights", "eager"),
]


def pieces_a_second(precision: str, attention: str, pieces: int) -> float:
    """Pieces a second of one variant, the mean of eight passes after one to warm up."""
    torch.manual_seed(1)
    torch.set_float32_matmul_precision("medium" if precision == "bfloat16 products" else "highest")
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation=attention,
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False).float()
    if precision == "bfloat16 weights":
        model.to(torch.bfloat16)
    lower = torch.autocast("cpu", torch.bfloat16) if precision == "autocast" else contextlib.nullcontext()
    ids = torch.randint(5, VOCABULARY, (pieces // LENGTH, LENGTH))
    mask = torch.ones_like(ids)
    mask[:, -1] = torch.arange(len(ids)) % 2
    begun = 0.0
    for k in range(REPEATS + 1):
        if k == 1:
            begun = time.perf_counter()
        with lower:
            states = model(ids, mask).last_hidden_state
            loss = (states.float() ** 2).mean()
        loss.backward()
        model.zero_grad()
    return REPEATS * ids.numel() / (time.perf_counter() - begun)


def main() -> None:
    """Prints the table."""
    pieces = int(sys.argv[1]) if len(sys.argv) > 1 else 4_096
    base = 0.0
    for precision, attention in VARIANTS:
        found = pieces_a_second(precision, attention, pieces)
        base = base or found
        sys.stdout.write(f"{precision:18} {attention:6} {found:8,.0f} pieces/s  {found / base:4.1f}\n")


if __name__ == "__main__":
    main()
