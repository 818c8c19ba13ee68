"""Schemas: tables and columns, and what they let in."""

from tidegate.common.schema.schema import Schema

__all__ = ["Schema"]
