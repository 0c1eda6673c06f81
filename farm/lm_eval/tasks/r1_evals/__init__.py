"""The tasks r1_aime24, r1_math500 and r1_gpqa_diamond, which lm-eval itself does not have."""
