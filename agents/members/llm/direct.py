"""`direct` and `cot`: one call, answered straight away or reasons first; one more where the answer cannot be read."""

from __future__ import annotations

from agents.answer_forms import schema
from agents.answers import Parsed
from agents.members.llm.prompts import question_prompt, system_prompt
from agents.members.llm.run import Conversation, Task, read
from agents.members.llm.run_log import RunLog


async def direct(task: Task, log: RunLog) -> Parsed:
    """The answer alone, held to its JSON schema where the model can be."""
    system = system_prompt("direct", task.question, task.snapshot.as_of)
    return await _one_call(task, Conversation(task, log, system, json_schema=schema(task.question)))


async def cot(task: Task, log: RunLog) -> Parsed:
    """Reasons first, in the model's own words, then the answer."""
    return await _one_call(task, Conversation(task, log, system_prompt("cot", task.question, task.snapshot.as_of)))


async def _one_call(task: Task, conversation: Conversation) -> Parsed:
    reply = conversation.ask(question_prompt(task.question, task.snapshot.as_of))
    return await read(task.question, reply, conversation.ask)
