"""What runs tasks where joblib's `Parallel` does not suffice: clusters, processes of one search."""
