"""The simulated Testhide over real HTTP: a rule of its, a test."""
