"""Automated Future: a platform that runs nothing and is told what others ran."""
