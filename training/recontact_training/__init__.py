"""How a model comes about: corpus, vocabulary, pretraining, fine-tuning, evaluation, export."""
