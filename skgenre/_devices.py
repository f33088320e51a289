"""Where torch computes."""

import torch


def find_device(name: str) -> str:
    """Return the device of torch that a parameter ``device`` means: ``"auto"`` is the GPU where there is one.

    Parameters
    ----------
    name : str
        ``"auto"``, or a device of torch.

    Returns
    -------
    device : str
        The device.

    Raises
    ------
    ValueError
        If torch knows no such device, cannot compute on it, or finds no GPU.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f'device must be "auto" or a device of torch, got {name!r}') from error
    if device.type == "meta":
        raise ValueError(f"device must be one that torch computes on, got {name!r}, which has no memory")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f'device={name!r}, but torch finds no GPU; "auto" or "cpu" works without one')
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:
        raise ValueError(f"device must be one that torch computes on here, got {name!r}: {error!s:.120}") from error
    return name
