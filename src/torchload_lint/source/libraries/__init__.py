"""What do argparse, hydra, pathlib and others do with paths? One file a library."""
