"""The verbs, one file each; the registry in this package lists them."""
