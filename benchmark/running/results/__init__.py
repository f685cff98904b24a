"""What is in a folder of results: listed, filtered, exported, and cleared of what is out of date."""
