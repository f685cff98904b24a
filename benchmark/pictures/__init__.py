"""Pictures of worlds and of cases, with matplotlib."""
