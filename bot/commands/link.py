"""Say that two accounts are one person's: a code that one chat shows to the person alone, said once in the other chat.

link [CODE|off], or help link [CODE|off] where a chat lists verbs and has no more room for one
"""

from __future__ import annotations

from bot import people
from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.people import CODE_LIVES, LENGTH, code_of, digest_of, people_of
from bot.replies import linking as replies

OFF = "off"


async def handle(asked: Asked, services: Services) -> Reply:
    """Show a code, or use the one that was said, or end the person's link."""
    return await answer(asked.value("code", 0), asked, services)


async def answer(said: str | None, asked: Asked, services: Services) -> Reply:
    """Answer what was said behind the verb. Raises `UserError`, `StoreError`."""
    actor = asked.invocation.actor
    await services.store.keep_name(actor.id, actor.name)
    if said is None:
        return await _offer(asked, services)
    if said.lower() == OFF:
        return await _unlink(asked, services)
    if len(people.signs_of(said)) != LENGTH:
        raise replies.no_code(said)
    now = services.clock.now()
    other = await services.store.take_link(digest_of(said), actor.id, now)
    if other is None:
        await services.note(actor, asked.invocation.place, "link", "denied", "code")
        raise replies.unknown_code()
    await services.note(actor, asked.invocation.place, "link", "done", other)
    return replies.linked(other, await services.store.name(other))


async def _offer(asked: Asked, services: Services) -> Reply:
    """Show a fresh code, of which nothing but a digest is kept."""
    actor, code = asked.invocation.actor.id, code_of(services.new_key())
    await services.store.offer_link(digest_of(code), actor, services.clock.now() + CODE_LIVES)
    others = sorted((await people_of(services)).ids(actor) - {actor})
    return replies.code(code, [(other, await services.store.name(other)) for other in others], CODE_LIVES)


async def _unlink(asked: Asked, services: Services) -> Reply:
    actor = asked.invocation.actor
    if not await services.store.unlink(actor.id):
        raise replies.not_linked()
    await services.note(actor, asked.invocation.place, "link", "done", OFF)
    left = (await people_of(services)).ids(actor.id) - {actor.id}
    return replies.unlinked(in_settings=bool(left))


VERB = Verb(
    name="link",
    summary="say that your accounts in two chats are yours",
    handle=handle,
    parameters=(
        Parameter(
            name="code",
            summary="The code that the other chat showed you",
            kind=FieldKind.TEXT,
            positional=True,
        ),
    ),
    examples=("link", "link K7QF2-M9XRT"),
    hidden=True,
    private=True,
)
