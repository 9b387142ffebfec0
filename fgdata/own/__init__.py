"""Packs from the tools that a user has, and what a pack does not say yet."""

from fgdata.own.coverage import Coverage, Gap, find_coverage
from fgdata.own.failures import Failure
from fgdata.own.init import LANGUAGES, Started, init_pack

__all__ = ["LANGUAGES", "Coverage", "Failure", "Gap", "Started", "find_coverage", "init_pack"]
