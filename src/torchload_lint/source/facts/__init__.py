"""What does this file load, save and allow? Collected once from its tree."""
