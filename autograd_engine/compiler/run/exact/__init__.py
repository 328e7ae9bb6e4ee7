"""exact: a tape comes in; it is run value by value, with the same bits as the engine."""
