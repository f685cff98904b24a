"""Runs methods on cases, keeps the results, and makes scores of them."""
