"""Files of answers, told apart by their looks: farm's own rows and those of other tools (`answer_file`)."""
