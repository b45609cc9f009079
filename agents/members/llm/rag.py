"""`rag`: one call with a dossier that the member puts together, the same for every question of a kind."""

from __future__ import annotations

import asyncio

from agents.answer_forms import schema
from agents.answers import Parsed
from agents.members.llm.dossier import dossier
from agents.members.llm.prompts import question_prompt, system_prompt
from agents.members.llm.run import Conversation, Task, read
from agents.members.llm.run_log import RunLog
from agents.prompting import render


async def rag(task: Task, log: RunLog) -> Parsed:
    """The answer from the dossier alone, held to its JSON schema where the model can be."""
    question, snapshot = task.question, task.snapshot
    sections = await asyncio.to_thread(dossier, question, snapshot, log)
    system = system_prompt("rag", question, snapshot.as_of)
    conversation = Conversation(task, log, system, json_schema=schema(question))
    told = render("dossier", question=question_prompt(question, snapshot.as_of), sections=sections)
    return await read(question, conversation.ask(told), conversation.ask)
