"""HTTP and pages: requests come in, the other folders answer, failures become status codes."""
