"""Early, plain forms of tokenizer, model and recipe, for experiments that come before their chapters."""
