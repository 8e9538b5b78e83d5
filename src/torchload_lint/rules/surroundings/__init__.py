"""Rules about what is around the loads: variables, patches, requirements (TLL3xx)."""
