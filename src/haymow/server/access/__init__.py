"""Who is calling, and what may they do: organizations, workspaces, users, roles, API tokens."""
