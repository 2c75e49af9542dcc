"""The package that the book builds: a language model, from counting words to answering questions.

Users import from modules (`from llmlite.world import Town`); nothing is re-exported here.
"""

__version__ = "0.1.0"
__book__ = True  # tells this package from the unrelated `llmlite` on the package index
