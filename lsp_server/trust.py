"""Whether the user trusts the workspace. Nothing of a workspace is compiled or run before the client has said so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trust:
    """`said`: the client spoke of trust at all; what it does not say is not trusted."""

    trusted: bool = False
    said: bool = False

    def refusal(self, action: str) -> str | None:
        """Why `action` ("compile this file") is not done here, and what to do; None when it may be done."""
        if self.trusted:
            return None
        if self.said:
            return f"This workspace is not trusted, so hpc-ls does not {action}. Trust it in the editor first."
        return (
            f"The editor has not said that this workspace is trusted, so hpc-ls does not {action}. "
            "Set the initialization option `trusted` to true for folders whose code you would run yourself."
        )


def from_options(options: object) -> Trust:
    """The trust that `initializationOptions` speak of: `{"trusted": true}`. Anything but a boolean is not trust."""
    if isinstance(options, Mapping) and isinstance(options.get("trusted"), bool):
        return Trust(bool(options["trusted"]), True)
    return Trust()
