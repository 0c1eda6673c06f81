"""Files of answers, told apart by their content: farm's own rows and those of other tools (`answer_file`)."""
