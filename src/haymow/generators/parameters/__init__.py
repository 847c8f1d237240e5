"""A model's `generation_kwargs`: the schema checked when it is saved, a call checked against it."""
