"""JSON Schemas from people, and the answers that have to fit them: read, guard, check. Pure."""
