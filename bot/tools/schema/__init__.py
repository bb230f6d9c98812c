"""From a Python function to the schema that models are offered, and from a call to arguments.

The schemas are those of transformers' `get_json_schema`, which the chat templates were made for,
and beyond it: NumPy and Sphinx docstrings, Enum, pydantic models and the constraints of `Field`.
Pure: nothing here waits or calls the function.
"""

from bot.tools.schema.arguments import Arguments, WrongArguments
from bot.tools.schema.errors import ToolDefinitionError, fault
from bot.tools.schema.function import schema_of

__all__ = ["Arguments", "ToolDefinitionError", "WrongArguments", "fault", "schema_of"]
