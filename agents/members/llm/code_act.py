"""`code_act`: the model writes Python over the tools, sees what it printed, and answers when it has seen enough."""

from __future__ import annotations

import asyncio
import re

from agents.answers import Parsed
from agents.members.llm.calling import LoggedTool, RunPython, logged
from agents.members.llm.prompts import question_prompt, system_prompt
from agents.members.llm.run import Conversation, Task, read
from agents.members.llm.run_log import RunLog
from agents.prompting import render
from agents.strict_json import holds_object, without_thinking
from tools.registry import toolbox
from tools.sandbox import describe, open_sandbox

_BLOCK = re.compile(r"^```python[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_OPENING = re.compile(r"^```python\b", re.MULTILINE)


async def code_act(task: Task, log: RunLog) -> Parsed:
    """Rounds of one block of Python each, until the model answers; raises MemberFailed when its turns are used up."""
    question, as_of = task.question, task.snapshot.as_of
    kind, max_steps = task.member.parameters.sandbox, str(task.member.parameters.max_steps)
    tools = logged(toolbox(task.snapshot), log)
    system = system_prompt("code_act", question, as_of, max_steps=max_steps, language=describe(kind, tools))
    conversation = Conversation(task, log, system)
    with open_sandbox(tools, as_of=as_of, kind=kind) as sandbox:
        python = LoggedTool(RunPython(sandbox), log)

        async def ask(text: str) -> str:
            """The model's next words that are no Python, which is run until then."""
            reply = await conversation.ask(text)
            while _OPENING.search(said := without_thinking(reply)):
                code, refusal = only_block(said)
                if refusal:
                    told = render("mixed_reply", reason=refusal)
                else:
                    shown = await asyncio.to_thread(python, code=code)
                    told = render("execution", output=shown.text, turn=str(log.turns + 1), max_steps=max_steps)
                reply = await conversation.ask(told)
            return reply

        return await read(question, ask(question_prompt(question, as_of)), ask)


def only_block(reply: str) -> tuple[str, str]:
    """The code of the reply's one block of Python, and why nothing is run if there is not exactly that."""
    blocks = _BLOCK.findall(reply)
    if len(blocks) < len(_OPENING.findall(reply)):
        return "", "the block of Python is not closed, so it may have been cut off"
    if len(blocks) > 1:
        return "", f"there were {len(blocks)} blocks of Python"
    if holds_object(_BLOCK.sub("", reply)):
        return "", "there was Python and an answer at once"
    return blocks[0], ""
