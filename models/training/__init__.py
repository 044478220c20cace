"""How the shipped weights are made: generator, training, export, evaluation. Needs the extra `train`; the server never
comes here."""
