"""Half precision: bfloat16 working weights, and the float32 ones that the optimizer moves.

Where a processor multiplies matrices in bfloat16, this is several times faster than float32, and than
`torch.autocast`, which converts every weight anew in every step. The word embeddings stay float32:
their gradients are sums of many small ones.
"""

import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

WORTH = 1.5  # how many times faster a product must be


def pays(device: torch.device, size: int = 1024) -> bool:
    """Whether bfloat16 matrix products are clearly faster than float32 ones here, by trying both."""
    taken = []
    for dtype in (torch.float32, torch.bfloat16):
        a, b = (torch.ones(size, size, dtype=dtype, device=device) for _ in range(2))
        float((a @ b)[0, 0])
        begun = time.perf_counter()
        for _ in range(5):
            last = a @ b
        float(last[0, 0])
        taken.append(time.perf_counter() - begun)
    return taken[0] > WORTH * taken[1]


def work_in_half(encoder: PreTrainedModel) -> None:
    """Turns all but the embeddings of an encoder to bfloat16."""
    encoder.to(torch.bfloat16)  # type: ignore[arg-type]
    encoder.embeddings.to(torch.float32)

    def lower(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        return output.to(torch.bfloat16)

    encoder.embeddings.register_forward_hook(lower)


class Masters:
    """Float32 weights that follow the gradients of working weights, and are copied back to them.

    Attributes:
        working: The weights that the forward pass uses, of any floating type.
        masters: What the optimizer moves: a float32 copy, or the working weight itself if it is float32.
    """

    def __init__(self, working: Sequence[nn.Parameter]) -> None:
        self.working = list(working)
        self.masters = [p if p.dtype == torch.float32 else nn.Parameter(p.detach().float()) for p in self.working]
        self._copies = [(w, m) for w, m in zip(self.working, self.masters, strict=True) if w is not m]

    def take_gradients(self) -> None:
        """Moves the gradients of the working weights to the masters."""
        for working, master in self._copies:
            master.grad = None if working.grad is None else working.grad.float()
            working.grad = None

    @torch.no_grad()
    def give_weights(self) -> None:
        """Rounds the masters into the working weights."""
        for working, master in self._copies:
            working.copy_(master)
