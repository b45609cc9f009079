"""What every page has: the gate, a heading, a sentence where something is wrong, and what to do where nothing is."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources

import streamlit as st

from app.ui import reading, sign_in, words
from db.errors import AuspexError

_DEMO = "This is the synthetic demo world: its countries act by a known process, and nothing in it happened."


def dress() -> None:
    """The style sheet and the mark: once for each run of the script."""
    files = resources.files("app.ui")
    st.html(f"<style>{files.joinpath('style.css').read_text(encoding='utf-8')}</style>")
    st.logo(str(files.joinpath("mark.svg")), size="large")


def gate() -> None:
    """Let nobody past who is not signed in, where `[auth]` in `.streamlit/secrets.toml` names who may vouch for them.

    Without it the desk is open to whoever can reach its address.
    """
    if not sign_in.is_demanded():
        return
    if not _signed_in():
        st.title("Auspex")
        st.write("Sign in to see the desk.")
        st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)
        st.stop()
    with st.sidebar:
        st.caption(words.plain(str(st.user.get("email") or st.user.get("name") or "Signed in")))
        st.button("Sign out", type="tertiary", icon=":material/logout:", on_click=st.logout)


def _signed_in() -> bool:
    return bool(st.user.get("is_logged_in"))


@contextmanager
def page(title: str, lead: str = "") -> Iterator[None]:
    """A page's heading and the sentence below it; what Auspex refuses inside is said in one sentence.

    Every page's content stands inside `with shell.page(...)`. A page that is run without `main`, and so without its
    gate, shows nothing where one has to sign in.
    """
    if sign_in.is_demanded() and not _signed_in():
        st.stop()
    st.title(title, anchor=False)
    if lead:
        st.markdown(f":gray[{lead}]")
    with refusals():
        if reading.is_demo():
            st.caption(f":material/science: {_DEMO}")
        yield


@contextmanager
def refusals() -> Iterator[None]:
    """Say an error of Auspex's own in its one sentence, in place of what stands inside."""
    try:
        yield
    except AuspexError as error:
        st.error(_sentence(words.in_form(str(error))), icon=":material/error:")


def empty(title: str, what_to_do: str, *, icon: str = ":material/inbox:", command: str = "") -> None:
    """Where there is nothing to show yet: why, and what to do next; `command` is one to copy."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown(f"#### {icon} {title}", text_alignment="center")
        st.markdown(what_to_do, text_alignment="center")
        if command:
            st.code(command, language="bash", width="content")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> None:
    """A small table of text, which scrolls where it is too wide.

    The columns at the places `numbers` are set right, in figures of one width.
    """

    def cell(tag: str, place: int, text: str) -> str:
        kind = ' class="number"' if place in numbers else ""
        return f"<{tag}{kind}>{html.escape(text)}</{tag}>"

    head = "".join(cell("th", place, text) for place, text in enumerate(columns))
    body = "".join(
        "<tr>" + "".join(cell("td", place, text) for place, text in enumerate(row)) + "</tr>" for row in rows
    )
    drawn = f'<table class="auspex"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    st.html(f'<div class="auspex-scrolled">{drawn}</div>')


def state_badge(state: str) -> None:
    """A question's state as a badge."""
    st.badge(state, color=words.STATES.get(state, "gray"))  # type: ignore[arg-type]


def _sentence(text: str) -> str:
    """Text as it stands, with a capital and an end."""
    said = text[:1].upper() + text[1:]
    return words.plain(said if said.endswith((".", "!", "?", "…")) else f"{said}.")
