"""Model profiles as data: what each model was trained on. One file per family."""
