"""The commands of `clew`; what they work with is put together in `adapters.main` alone."""
