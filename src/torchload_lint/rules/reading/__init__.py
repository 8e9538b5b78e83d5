"""Which files a load reads: by its code, by entries of the configuration, by recorded runs."""
