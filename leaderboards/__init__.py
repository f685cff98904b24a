"""Result tables and published results."""
