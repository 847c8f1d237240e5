"""What a definition may say, and what follows from it. Pure: imports no Haystack."""
