"""Steps of a load that an allowlist permits and that nothing shows to succeed."""
