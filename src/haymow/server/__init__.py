"""The haymow server; `app.create_app` is the only place that wires its rooms together."""
