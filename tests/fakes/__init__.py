"""Stateful fakes that judge what they are sent, with tests of their own."""
