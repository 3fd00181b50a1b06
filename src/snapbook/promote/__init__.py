"""Promotion: where staging and production point, who decides it, and what was decided."""
