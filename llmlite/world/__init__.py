"""Tinytown: stories of which every probability is known."""

from llmlite.world.town import VERSION, Story, Town, Verdict

__all__ = ["VERSION", "Story", "Town", "Verdict"]
