"""Alembic migrations, packaged so that every start can bring an old file up to date."""

HEAD = "0005"
"""The newest revision, known without importing Alembic (which takes longer than the rest)."""
