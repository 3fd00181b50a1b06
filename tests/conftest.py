"""Being here puts tests/ on the import path: suites in tests/contracts are inherited from there."""
