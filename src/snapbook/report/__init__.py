"""A report about a version for people who check it: one HTML file that prints and runs nothing."""
