"""The fakes are tested like anything else."""
