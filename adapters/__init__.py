"""Everything that touches the outside; each folder talks to one thing."""
