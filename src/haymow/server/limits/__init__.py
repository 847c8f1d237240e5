"""How much a token and an organization may ask for: requests in a minute, chats at once; over all replicas."""
