"""Plays a case: sends what it says, waits for what must come, closes or is closed, and compares."""

from .cases import Wait, Quiet
from .client import Client, Wrong, close_frame

ECHOED = 40     # bytes of a payload that an error message shows


def play(case, address, strict=True):
    """strict: what Autobahn calls OK. Without: its NON-STRICT outcomes pass too (events may be missing that a server
    which works on messages elsewhere has not answered when it fails the connection)."""
    with Client(address, timeout=case.timeout) as client:
        events, close = [], None
        for step in case.steps:
            if isinstance(step, Wait):
                event = client.event()
                if event != step.event:
                    raise Wrong(f"case {case.number}: {show([event])} instead of {show([step.event])}")
                events.append(event)
            elif isinstance(step, Quiet):
                event = client.event(step.seconds)
                if event is not None:
                    raise Wrong(f"case {case.number}: {show([event])} too early")
            else:
                client.send(step.data, step.chop)
        if case.closer == "us" and not case.sends_close:
            while len(events) < len(case.expected):
                events.append(client.event())
                if events[-1][0] in ("close", "end"):
                    raise Wrong(f"case {case.number}: {show(events)} instead of {show(case.expected)}")
            client.send(close_frame(1000))
        close = finish(client, events)
        judge(case, events, close, client.ended, strict)


def finish(client, events):
    """Reads to the end of the connection, answering the close frame. The close frame's event, or None."""
    close = None
    while True:
        event = client.event()
        if event[0] == "end":
            return close
        if close:
            raise Wrong(f"{show([event])} after the close frame")
        if event[0] == "close":
            close = event
            client.send(close_frame(event[1]))
        else:
            events.append(event)


def judge(case, events, close, end, strict):
    outcomes = [case.expected] + ([] if strict else case.lax)
    if events not in outcomes:
        raise Wrong(f"case {case.number}: {show(events)} instead of {' or '.join(map(show, outcomes))}")
    if close is None:
        raise Wrong(f"case {case.number}: no close frame, the connection ended with a {end}")
    if close[1] not in case.codes:
        raise Wrong(f"case {case.number}: closed with {close[1]} instead of {case.codes}")
    if end != "fin":
        raise Wrong(f"case {case.number}: closed, but then the connection was reset")


def show(events):
    return "[" + ", ".join(
        f"{e[0]}({', '.join(repr(x) if not isinstance(x, bytes) or len(x) <= ECHOED else f'{len(x)} bytes {x[:ECHOED]!r}...' for x in e[1:])})"
        for e in events) + "]"
