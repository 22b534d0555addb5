"""Testhide, a self-hosted CI platform: jobs of projects produce builds of tests."""
