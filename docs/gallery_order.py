"""The order of the gallery: that in which examples/README.rst names the files."""
import pathlib


class ReadmeOrder:
    """Key by which sphinx-gallery sorts the examples of a folder; what the README does not name comes last."""

    def __init__(self, folder):
        self.readme = pathlib.Path(folder, "README.rst")

    def __call__(self, filename):
        """Return the place of a file."""
        place = self.readme.read_text(encoding="utf-8").find(filename)
        return (place < 0, place, filename)

    def __repr__(self):
        return "<ReadmeOrder>"
