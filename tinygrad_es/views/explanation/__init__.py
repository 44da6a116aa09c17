"""The chain rule told: the story of a graph in sentences, as text, Markdown and HTML."""
