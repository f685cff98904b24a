"""Networks and covariances that methods use as priors."""
