"""An automatic gradient against differences: what is checked, kinks, verdicts, structure."""
