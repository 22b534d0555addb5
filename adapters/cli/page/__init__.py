"""What the operator's page says, one file a view: each reads a bounded piece and returns the values of its template."""
