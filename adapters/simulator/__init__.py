"""A simulated Antithesis tenant: a real HTTP server with the documented API."""
