"""OpenAI's HTTP API: requests, responses, errors."""
