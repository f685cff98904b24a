"""Submissions: results that somebody hands in, packed into one archive, and what is checked before they are believed.

An archive is hostile input: nothing of it is executed, unpickled, or written outside a temporary folder.
"""

from .adding import add_to
from .checks import Check, Verification
from .packing import PackRequest, pack
from .verifying import VerifyRequest, verify

__all__ = ["Check", "PackRequest", "Verification", "VerifyRequest", "add_to", "pack", "verify"]
