"""Schemas: tables and columns, and what they let in."""
