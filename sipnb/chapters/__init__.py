"""What notebooks are made of: a room a chapter, each with its numbers (`analysis`) and what is shown of them (`views`).

The rooms `baseline` and `portfolio` are divided by topic instead, because a topic is what somebody changes. A cell computes by
the one and shows by the other. What a chapter hands over (`facts`, `results`) is made of the notebook's own variables at its end,
so that an option that is changed in a cell changes the figure, the sentence and the front page that rest on it.
"""
