"""Migrations, applied at start by `adapters.store.schema`.

A new one: change `adapters/store/tables.py`, add a file to `versions/` (copy the last, name the one before in
`down_revision`), set `HEAD` in `adapters/store/schema.py`. A test compares the result with the tables.
"""
