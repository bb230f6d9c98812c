"""What is looked at by `doctor`, in the terminal and in Discord: the rules, and what they find."""
