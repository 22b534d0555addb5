"""Long proofs on real processes: `python -m tests.soak [NAME ...] [--short]`; their short versions are tests."""
