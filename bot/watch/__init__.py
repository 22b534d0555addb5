"""Watch runs and launches: poll, decide, record with what is to be sent, and keep living messages current."""
