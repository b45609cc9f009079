"""Options of members for multiple-choice questions: the orders of the options averaged, the options ranked."""
