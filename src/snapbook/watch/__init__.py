"""What a served version met, beside what it was trained on: drift, errors, segments, rules."""
