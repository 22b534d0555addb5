"""The Antithesis tenant API."""
