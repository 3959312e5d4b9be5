"""Measures by hand: what a build costs, whether it reproduces, whether it survives."""
