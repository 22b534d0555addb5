"""The simulated Antithesis tenant, part by part."""
