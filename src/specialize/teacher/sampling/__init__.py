"""Sampling a teacher online or in batches, within limits and a budget."""
