"""The calls in what a model writes: reading them, and checking them against the tools. Pure.

parser = Parser(tools)
piece = parser.feed(text)  # content to show and calls to make, as soon as they are certain
answer = parser.finish()  # all of it, with what was wrong
problems = validate(answer.calls, tools)
"""

from bot.tools.parsing.answer import Answer, Piece
from bot.tools.parsing.calls import Call, CallFault
from bot.tools.parsing.parser import Parser, parse
from bot.tools.parsing.validation import Problem, validate

__all__ = ["Answer", "Call", "CallFault", "Parser", "Piece", "Problem", "parse", "validate"]
