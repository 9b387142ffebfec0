"""How `models/tiny` is made: a synthetic corpus, a tokenizer and the pretraining of a small Gemma-3 model."""
