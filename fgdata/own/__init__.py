"""Packs from the tools that a user has, and what such a pack does not say yet."""

from fgdata.own.init import LANGUAGES, Started, init_pack, notes_lines

__all__ = ["LANGUAGES", "Started", "init_pack", "notes_lines"]
