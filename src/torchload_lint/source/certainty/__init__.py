"""IS THAT ALL IT CAN BE? What an answer rests on, and whether anything else may change that."""
