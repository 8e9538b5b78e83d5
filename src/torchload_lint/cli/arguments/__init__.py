"""What a command line may give: options, arguments, and the settings that they stand for."""
