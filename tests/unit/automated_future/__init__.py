"""Unit tests of the Automated Future client."""
