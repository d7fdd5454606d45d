#!/usr/bin/env python3
"""Reads the files that SIPp writes with -trace_msg.

sipp_traces.py ladder CALLER_TRACE CALLEE_TRACE   one call as a message ladder: caller, parley-proxy, callee
sipp_traces.py response CALLER_TRACE              median milliseconds from INVITE to 180
"""
import re
import statistics
import sys
from collections import namedtuple
from datetime import datetime

HEAD = re.compile(
    r"^-{10,}\s+(\d{4}-\d\d-\d\d)\s+(\d\d:\d\d:\d\d\.\d+)[^\n]*\n\w+ message (sent|received)[^\n]*\n\n",
    re.MULTILINE)
LANE = 30

Message = namedtuple("Message", "when sent call what")


def messages(path):
    """Yields the messages of one trace in its order."""
    with open(path, encoding="latin-1", newline="") as trace:
        text = trace.read().replace("\r\n", "\n")
    heads = list(HEAD.finditer(text))
    for head, following in zip(heads, heads[1:] + [None]):
        message = text[head.end():following.start() if following else len(text)]
        call = re.search(r"^Call-ID:\s*(\S+)", message, re.MULTILINE | re.IGNORECASE)
        cseq = re.search(r"^CSeq:\s*\d+\s+(\S+)", message, re.MULTILINE | re.IGNORECASE)
        if not call or not cseq:
            continue
        first = message.split("\n", 1)[0]
        if first.startswith("SIP/2.0 "):
            what = f"{first[8:20].strip()} ({cseq.group(1)})"
        else:
            what = first.split(" ", 1)[0]
        when = datetime.fromisoformat(f"{head.group(1)} {head.group(2)[:15]}")
        yield Message(when, head.group(3) == "sent", call.group(1), what)


def arrow(source, target, what):
    """One line of the ladder; lanes are numbered from the left."""
    body = f" {what} ".center(LANE - 3, "-")
    body = f"{body}->" if target > source else f"<-{body}"
    gap = " " * (LANE - 1)
    return f"|{body}|{gap}|" if min(source, target) == 0 else f"|{gap}|{body}|"


def ladder(caller_trace, callee_trace):
    caller = list(messages(caller_trace))
    calls = [m.call for m in caller if m.sent and m.what == "INVITE"]
    if not calls:
        sys.exit("the caller sent no INVITE")
    call = calls[len(calls) // 2]
    steps = [(m.when, *((0, 1) if m.sent else (1, 0)), m.what) for m in caller if m.call == call]
    steps += [(m.when, *((2, 1) if m.sent else (1, 2)), m.what) for m in messages(callee_trace) if m.call == call]
    steps.sort(key=lambda step: step[0])
    print(f"Call-ID {call}\n")
    print(" " * 8 + "caller".ljust(LANE - 3) + "parley-proxy".ljust(LANE) + "callee")
    for when, source, target, what in steps:
        milliseconds = (when - steps[0][0]).total_seconds() * 1000
        print(f"{milliseconds:7.1f} ms {arrow(source, target, what)}")
    print()


def response(caller_trace):
    begun, delays = {}, []
    for message in messages(caller_trace):
        if message.sent and message.what == "INVITE":
            begun.setdefault(message.call, message.when)
        elif message.what.startswith("180 ") and message.call in begun:
            delays.append((message.when - begun.pop(message.call)).total_seconds() * 1000)
    print(f"{statistics.median(delays):.1f}" if delays else "unknown")


if __name__ == "__main__":
    {"ladder": ladder, "response": response}[sys.argv[1]](*sys.argv[2:])
