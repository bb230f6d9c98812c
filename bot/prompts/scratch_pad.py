"""The scratch pad of Hermes 3: what it plans before it calls tools.

The tags and the four headings are those of its training ("Hermes-3 tool-use template" in the README
of NousResearch/Hermes-Function-Calling): goal-oriented action planning. What stands on the pad is
a plan; a call in it is never run.
"""

from __future__ import annotations

TEXT = (
    "Before you call tools, and again when you have their results, write down your reasoning and "
    "planning inside <scratch_pad> </scratch_pad> XML tags, in this form:\n"
    "<scratch_pad>\n"
    "Goal: <what the user wants>\n"
    "Actions:\n"
    "- {result} = functions.{function_name}({parameter}={value}, ...)\n"
    "Observation: <None before there are results; then what they say>\n"
    "Reflection: <whether the tools fit the question and all required parameters are known; then "
    "how far the task has come>\n"
    "</scratch_pad>\n"
    "Where no tool is needed, write None under Actions. After the scratch pad come the calls, or "
    "the answer."
)
