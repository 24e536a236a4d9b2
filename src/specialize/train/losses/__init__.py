"""Losses over target tokens."""
