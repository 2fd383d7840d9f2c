"""What runs tasks where joblib's `Parallel` does not suffice: clusters."""
