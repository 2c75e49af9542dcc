"""Language models, from counting to the transformer."""
