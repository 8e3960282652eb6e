"""Devices: what a machine computes with fast."""

import torch

FAST_BFLOAT16 = ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16")  # of processors, as torch names them


def best_device() -> torch.device:
    """The accelerator that torch finds, or the processor."""
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def half_precision_pays(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices faster than float32 ones, by what it is."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and any(torch.cpu.get_capabilities().get(name) for name in FAST_BFLOAT16)
