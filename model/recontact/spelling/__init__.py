"""Spelling: comments as their writers meant to type them, so that the model reads words it knows."""

from recontact.spelling.restored import Restored, restore

__all__ = ["Restored", "restore"]
