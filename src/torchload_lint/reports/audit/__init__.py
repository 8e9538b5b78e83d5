"""The report for a reviewer who looks rather than reads: one HTML file, without any network."""
