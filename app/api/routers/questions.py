"""Questions: listed, read, asked, resolved, annulled."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import Discriminator, Tag, ValidationError

from app.api import examples
from app.api.asked import (
    Annulment,
    NewBinaryQuestion,
    NewMultipleChoiceQuestion,
    NewNumericQuestion,
    NewQuestion,
    NewQuestions,
    NewRelationQuestion,
    Outcome,
)
from app.api.callers import needs
from app.api.described import reads, writes
from app.api.freshness import Fresh
from app.api.problems import Refused
from app.api.queries import QuestionQuery
from app.api.schemas import Answer, PageOf
from app.api.service import Desk, Service
from app.api.strictly import StrictRoute, strictly
from app.by_hand import BY_HAND, Said, Wording, record
from db.ledger.api_keys import Scope
from db.ledger.rows import QuestionDetail, QuestionRow
from db.questions.resolver import criterion_of
from db.records import QUESTION, Question, Resolution

router = APIRouter(prefix="/v1/questions", tags=["questions"], route_class=StrictRoute)
_WORDING = Wording(known_at="known_at", correct='send "correct": true')
QuestionId = Annotated[
    str, Path(max_length=64, description="Its first digits are enough.", examples=[examples.QUESTION.id])
]


def _shape(content: Any) -> str:
    """Which of the forms of `Asked` this is."""
    if isinstance(content, dict):
        return "questions" if "questions" in content else str(content.get("kind", ""))
    return "questions" if isinstance(content, NewQuestions) else str(getattr(content, "kind", ""))


_Asked = Annotated[
    Annotated[NewQuestions, Tag("questions")]
    | Annotated[NewBinaryQuestion, Tag("binary")]
    | Annotated[NewMultipleChoiceQuestion, Tag("multiple_choice")]
    | Annotated[NewNumericQuestion, Tag("numeric")]
    | Annotated[NewRelationQuestion, Tag("relation")],
    Discriminator(_shape),
]
AskedBody = Annotated[
    _Asked,
    strictly(_Asked),
    Body(
        openapi_examples={
            "one": {"summary": "One question", "value": examples.NEW_QUESTION},
            "several": {"summary": "Several, all or none", "value": {"questions": [examples.NEW_QUESTION]}},
        }
    ),
]
OutcomeBody = Annotated[Outcome, strictly(Outcome), Body(examples=[{"outcome": "yes", "source": "the gauge"}])]
AnnulmentBody = Annotated[Annulment, strictly(Annulment), Body(examples=[{"reason": "the gauge was out of order"}])]


class Recorded(Answer):
    """The questions that were asked, as they are recorded, and how many of them are new."""

    questions: list[Question]
    new: int


class Resolved(Answer):
    """The resolution that counts now, and whether it is new."""

    resolution: Resolution
    new: bool


@router.get(
    "",
    operation_id="list_questions",
    summary="List questions, newest first",
    responses=reads(examples.page_of(examples.ROW)),
    dependencies=[needs(Scope.READ)],
)
def list_questions(query: Annotated[QuestionQuery, Query()], desk: Desk, fresh: Fresh) -> PageOf[QuestionRow]:
    """Questions and how they stand, in the order in which they were recorded, the last first."""
    fresh.by_ledger()
    return PageOf[QuestionRow].of(desk.ledger.views.questions(query.filter(), limit=query.limit, after=query.cursor))


@router.get(
    "/{question_id}",
    operation_id="get_question",
    summary="Read a question",
    responses=reads(examples.DETAIL, missing=True),
    dependencies=[needs(Scope.READ)],
)
def get_question(question_id: QuestionId, desk: Desk, fresh: Fresh) -> QuestionDetail:
    """A question with all that was said of it: forecasts, aggregates, failures and resolutions with their sources."""
    fresh.by_ledger()
    return desk.ledger.views.question(question_id)


@router.post(
    "",
    status_code=201,
    operation_id="create_questions",
    summary="Ask one question or several",
    responses=writes(201, {"questions": [examples.QUESTION_JSON], "new": 1}, leads=True),
    dependencies=[needs(Scope.FORECAST)],
)
def create_questions(asked: AskedBody, desk: Desk, response: Response) -> Recorded:
    """Record questions. One that is there already, word for word, is not recorded again."""
    wanted = asked.questions if isinstance(asked, NewQuestions) else (asked,)
    questions = [_question(item, number, desk) for number, item in enumerate(wanted, start=1)]
    new = desk.ledger.append(questions)
    if len(questions) == 1:
        response.headers["Location"] = f"/v1/questions/{questions[0].id}"
    return Recorded(questions=questions, new=new)


def _question(item: NewQuestion, number: int, desk: Service) -> Question:
    content = item.model_dump()
    if content["open_at"] is None:
        content["open_at"] = desk.now()
    try:
        question: Question = QUESTION.validate_python(content)
        criterion_of(question)  # so that it can be resolved, too
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise Refused(400, f"question {number} cannot be asked: {reason}") from error
    return question


@router.post(
    "/{question_id}/resolve",
    operation_id="resolve_question",
    summary="Record what came of a question",
    responses=writes(200, {"resolution": examples.RESOLUTION, "new": True}, missing=True),
    dependencies=[needs(Scope.FORECAST)],
)
def resolve_question(question_id: QuestionId, outcome: OutcomeBody, desk: Desk) -> Resolved:
    """The same outcome again changes nothing; another one is refused unless it is a correction."""
    said = Said(
        outcome=outcome.outcome,
        known_at=outcome.known_at,
        source=outcome.source or BY_HAND,
        correct=outcome.correct,
    )
    return _resolve(question_id, said, desk)


@router.post(
    "/{question_id}/annul",
    operation_id="annul_question",
    summary="Take a question out of scoring",
    responses=writes(200, {"resolution": examples.RESOLUTION, "new": True}, missing=True),
    dependencies=[needs(Scope.FORECAST)],
)
def annul_question(question_id: QuestionId, annulment: AnnulmentBody, desk: Desk) -> Resolved:
    """For a question that cannot be resolved: it is scored no more."""
    source = f"{BY_HAND}: {annulment.reason}" if annulment.reason else BY_HAND
    said = Said(outcome=None, known_at=annulment.known_at, source=source, correct=annulment.correct)
    return _resolve(question_id, said, desk)


def _resolve(question_id: str, said: Said, desk: Service) -> Resolved:
    question = desk.ledger.views.question(question_id).question
    recorded = record(desk.ledger, question, said, now=desk.now(), wording=_WORDING)
    return Resolved(resolution=recorded.resolution, new=recorded.new)
