"""Figures: boxes and arrows as plain data, who places them, and the forms they are written in."""
