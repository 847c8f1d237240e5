"""OpenAI's names of parameters, and what each generator calls them."""
