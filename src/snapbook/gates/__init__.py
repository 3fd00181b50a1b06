"""Gates: functions that say of a version whether it may take another's place, and why."""
